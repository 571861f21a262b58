/* Shows where a link of a note leads while the pointer or the keyboard rests on it. The leads lie in shards that load as scripts
   (assets/kb/preview/, see previews.py), so this works from a file too. Touch follows the link as ever. */
(() => {
  "use strict";

  const REST = 300; /* ms before a card opens */
  const GRACE = 200; /* ms to move from the link to its card */
  const GAP = 6;
  const config = JSON.parse(document.getElementById("__config").textContent);
  const root = new URL(config.base.replace(/\/?$/, "/"), location.href);
  const loading = new Map();
  const shards = new Map();
  let card = null;
  let link = null; /* whose card is shown or about to be */
  let opening = 0;
  let closing = 0;
  let pointerAt = null;

  window.__kb_preview = (number, leads) => shards.set(number, new Map(Object.entries(leads)));

  const load = (name) => {
    if (!loading.has(name)) {
      loading.set(
        name,
        new Promise((done) => {
          const script = document.createElement("script");
          script.src = new URL(`assets/kb/preview/${name}.js`, root).href;
          script.onload = script.onerror = () => {
            script.remove();
            done();
          };
          document.body.append(script);
        }),
      );
    }
    return loading.get(name);
  };

  /* The same hash as previews.shard_of. */
  const shardOf = (key, count) => {
    let value = 0x811c9dc5;
    for (const byte of new TextEncoder().encode(key)) value = Math.imul(value ^ byte, 0x01000193);
    return (value >>> 0) % count;
  };

  const decoded = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };

  const keyOf = (anchor) => {
    const url = new URL(anchor.href, location.href);
    if (url.origin !== root.origin || !url.pathname.startsWith(root.pathname)) return null;
    const page = decoded(url.pathname.slice(root.pathname.length)).replace(/index\.html$/, "");
    return page + (url.hash.length > 1 ? `#${decoded(url.hash.slice(1))}` : "");
  };

  const find = async (key) => {
    await load("count");
    const count = window.__kb_preview_count;
    if (!count) return null;
    for (const candidate of new Set([key, key.split("#")[0]])) {
      const number = shardOf(candidate, count);
      await load(number);
      const lead = shards.has(number) && shards.get(number).get(candidate);
      if (lead) return lead;
    }
    return null;
  };

  /* A lead's addresses are counted from the site's root; a bare #fragment means a place on the lead's own page. */
  const contentOf = (html, key) => {
    const template = document.createElement("template");
    template.innerHTML = html;
    const page = new URL(encodeURI(key.split("#")[0]), root);
    for (const name of ["href", "src", "poster", "data"]) {
      for (const element of template.content.querySelectorAll(`[${name}]`)) {
        const value = element.getAttribute(name);
        if (element.closest("svg") && value.startsWith("#")) continue;
        element.setAttribute(name, new URL(value, value.startsWith("#") ? page : root).href);
      }
    }
    return template.content;
  };

  const makeCard = () => {
    card = document.createElement("div");
    card.id = "kb-preview";
    card.className = "kb-preview md-typeset";
    card.setAttribute("role", "tooltip");
    card.tabIndex = 0; /* it scrolls, so the keyboard must be able to reach it */
    card.hidden = true;
    card.addEventListener("pointerenter", () => clearTimeout(closing));
    card.addEventListener("pointerleave", closeSoon);
    card.addEventListener("click", (event) => event.target.closest("a") && close());
    document.body.append(card);
  };

  /* A link that is broken over two lines has two boxes: the card belongs to the one under the pointer. */
  const boxOf = (anchor) => {
    const boxes = [...anchor.getClientRects()];
    const hit = (box) => pointerAt && pointerAt.y >= box.top - 2 && pointerAt.y <= box.bottom + 2 && pointerAt.x >= box.left - 2 && pointerAt.x <= box.right + 2;
    return boxes.find(hit) || boxes[0] || anchor.getBoundingClientRect();
  };

  const place = (anchor) => {
    const box = boxOf(anchor);
    const [width, height] = [document.documentElement.clientWidth, innerHeight];
    card.style.maxHeight = "";
    const below = height - box.bottom - 2 * GAP;
    const over = box.top - 2 * GAP;
    const wanted = card.offsetHeight;
    const under = wanted <= below || below >= over;
    const tall = Math.min(wanted, under ? below : over);
    card.style.maxHeight = `${tall}px`;
    card.style.top = `${under ? box.bottom + GAP : box.top - GAP - tall}px`;
    card.style.left = `${Math.max(GAP, Math.min(box.left, width - card.offsetWidth - GAP))}px`;
  };

  const open = async (anchor) => {
    const key = keyOf(anchor);
    const lead = key === null ? null : await find(key);
    if (!lead || link !== anchor || !anchor.isConnected) return;
    if (!card) makeCard();
    card.replaceChildren(contentOf(lead, key));
    card.hidden = false;
    card.scrollTop = 0;
    place(anchor);
    const described = anchor.getAttribute("aria-describedby");
    anchor.setAttribute("aria-describedby", described && described !== card.id ? `${described} ${card.id}` : card.id);
  };

  const close = () => {
    clearTimeout(opening);
    clearTimeout(closing);
    if (link) {
      const rest = (link.getAttribute("aria-describedby") || "").split(" ").filter((id) => id && id !== "kb-preview");
      if (rest.length) link.setAttribute("aria-describedby", rest.join(" "));
      else link.removeAttribute("aria-describedby");
    }
    link = null;
    if (card) {
      card.hidden = true;
      card.replaceChildren();
    }
  };

  const closeSoon = () => {
    clearTimeout(opening);
    clearTimeout(closing);
    closing = setTimeout(close, GRACE);
  };

  const openSoon = (anchor) => {
    clearTimeout(closing);
    clearTimeout(opening);
    if (link === anchor && card && !card.hidden) return;
    close();
    link = anchor;
    opening = setTimeout(() => open(anchor), REST);
  };

  /* The page scrolls under the card when the keyboard goes from link to link. */
  const follow = (event) => {
    if (!link || !card || card.hidden || card.contains(event.target)) return;
    const box = link.getBoundingClientRect();
    if (box.bottom < 0 || box.top > innerHeight) close();
    else place(link);
  };

  const linkAt = (target) => {
    const anchor = target instanceof Element && target.closest("a.internal-link[href]");
    return anchor && !anchor.closest(".kb-preview") ? anchor : null;
  };

  document.addEventListener("pointerover", (event) => {
    const anchor = event.pointerType !== "touch" && linkAt(event.target);
    if (!anchor) return;
    pointerAt = { x: event.clientX, y: event.clientY };
    openSoon(anchor);
  });
  document.addEventListener("pointerout", (event) => {
    const anchor = event.pointerType !== "touch" && linkAt(event.target);
    if (anchor && !anchor.contains(event.relatedTarget)) closeSoon();
  });
  document.addEventListener("focusin", (event) => {
    const anchor = linkAt(event.target);
    if (anchor && anchor.matches(":focus-visible")) {
      pointerAt = null;
      openSoon(anchor);
    } else if (link && !(card && card.contains(event.target))) {
      close();
    }
  });
  document.addEventListener("focusout", (event) => {
    if (linkAt(event.target) && !(card && card.contains(event.relatedTarget))) closeSoon();
  });
  document.addEventListener("keydown", (event) => {
    if (!card || card.hidden) return;
    if (event.key === "Escape") {
      if (card.contains(document.activeElement) && link) link.focus({ preventScroll: true });
      close();
    } else if (["ArrowDown", "ArrowUp"].includes(event.key) && document.activeElement === link && card.scrollHeight > card.clientHeight) {
      event.preventDefault();
      card.scrollTop += event.key === "ArrowDown" ? 40 : -40;
    }
  });
  document.addEventListener("scroll", follow, { passive: true, capture: true });
  if (typeof document$ !== "undefined") document$.subscribe(close);
})();

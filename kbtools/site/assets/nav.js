/* Draws the tree of folders and pages in the sidebar and in the phone's drawer. The tree is in one file for all pages
   (assets/kb/tree.js, see navigation.py); a folder's rows are made when it is opened, so a vault of thousands is no burden. */
(() => {
  "use strict";

  const config = JSON.parse(document.getElementById("__config").textContent);
  /* Now, not later: the address in `config` is relative to the page that was loaded first. */
  const root = new URL(config.base.replace(/\/?$/, "/"), location.href);
  const MEMORY = `kb-tree:${root.pathname}`;
  let scrolled = 0;

  const remembered = () => {
    try {
      return new Set(JSON.parse(sessionStorage.getItem(MEMORY)) || []);
    } catch {
      return new Set(); /* a browser that keeps nothing for files */
    }
  };

  const remember = (folders) => {
    try {
      sessionStorage.setItem(MEMORY, JSON.stringify([...folders]));
    } catch {
      /* as above */
    }
  };

  const decoded = (path) => {
    try {
      return decodeURIComponent(path);
    } catch {
      return path;
    }
  };

  const here = () => decoded(location.pathname.slice(root.pathname.length)).replace(/(^|\/)index\.html$/, "$1");

  const make = (name, className, text) => {
    const element = document.createElement(name);
    element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };

  const isFolder = (row) => Array.isArray(row) && Array.isArray(row[1]);

  const addressOf = (row, folder, ending) => (typeof row === "string" ? folder + row + ending : row[1]);

  /* The folders above the page that is open, as paths. */
  const above = (rows, folder, page, ending) => {
    for (const row of rows) {
      if (isFolder(row)) {
        const inside = `${folder}${row[0]}/`;
        const found = above(row[1], inside, page, ending);
        if (found) return [inside, ...found];
      } else if (addressOf(row, folder, ending).replace(/(^|\/)index\.html$/, "$1") === page) {
        return [];
      }
    }
    return null;
  };

  const drawPage = (row, folder, view) => {
    const item = make("li", "md-nav__item");
    const address = addressOf(row, folder, view.ending);
    const link = make("a", "md-nav__link", undefined);
    link.append(make("span", "md-ellipsis", typeof row === "string" ? row : row[0]));
    if (Array.isArray(row) && row[2]) link.append(make("span", "kb-tree__kind", row[2]));
    link.href = new URL(address.split("/").map(encodeURIComponent).join("/"), root).href;
    if (address.replace(/(^|\/)index\.html$/, "$1") === view.page) {
      item.classList.add("md-nav__item--active");
      link.classList.add("md-nav__link--active");
      link.setAttribute("aria-current", "page");
    }
    item.append(link);
    return item;
  };

  const drawFolder = (row, folder, view) => {
    const inside = `${folder}${row[0]}/`;
    const item = make("li", "md-nav__item md-nav__item--nested");
    const button = make("button", "md-nav__link kb-tree__folder");
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    button.append(make("span", "md-nav__icon md-icon"), make("span", "md-ellipsis", row[0]));
    item.append(button);
    const turn = (open) => {
      if (open && !item.querySelector(":scope > ul")) item.append(drawRows(row[1], inside, view));
      const list = item.querySelector(":scope > ul");
      if (list) list.hidden = !open;
      button.setAttribute("aria-expanded", String(open));
    };
    button.addEventListener("click", () => {
      const open = button.getAttribute("aria-expanded") !== "true";
      turn(open);
      const folders = remembered();
      folders[open ? "add" : "delete"](inside);
      remember(folders);
    });
    if (view.open.has(inside)) turn(true);
    return item;
  };

  const drawRows = (rows, folder, view) => {
    const list = make("ul", "md-nav__list kb-tree");
    list.append(...rows.map((row) => (isFolder(row) ? drawFolder(row, folder, view) : drawPage(row, folder, view))));
    return list;
  };

  /* The arrow keys, as in a file explorer; Tab works too, for these are plain links and buttons. */
  const walk = (event) => {
    const entry = event.target.closest(".md-nav__link");
    const keys = ["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight"];
    if (!entry || !keys.includes(event.key) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const open = entry.getAttribute("aria-expanded");
    if ((event.key === "ArrowRight" && open === "false") || (event.key === "ArrowLeft" && open === "true")) {
      entry.click();
      return;
    }
    const entries = [...event.currentTarget.querySelectorAll(".md-nav__link")].filter((found) => found.offsetParent);
    if (event.key === "ArrowLeft") {
      const folder = entry.closest("ul").parentElement.querySelector(":scope > button");
      if (folder) folder.focus();
      return;
    }
    const next = entries[entries.indexOf(entry) + (event.key === "ArrowUp" ? -1 : 1)];
    if (next) next.focus();
  };

  /* On a phone the column with the contents is not shown: the drawer has them too. */
  const drawContents = (body) => {
    const contents = document.querySelector(".md-sidebar--secondary .md-nav--secondary > .md-nav__list");
    if (!contents || body.querySelector(".kb-nav__contents")) return;
    const fold = make("details", "kb-nav__contents");
    fold.append(make("summary", "md-nav__link", "本页目录"));
    const copy = contents.cloneNode(true);
    copy.removeAttribute("data-md-component");
    fold.append(copy);
    fold.addEventListener("click", (event) => {
      const drawer = document.getElementById("__drawer");
      if (event.target.closest("a") && drawer) drawer.checked = false;
    });
    body.querySelector(".kb-nav__links").after(fold);
  };

  const showCurrent = (nav) => {
    const column = nav.closest(".md-sidebar__scrollwrap");
    const body = nav.querySelector(".kb-nav__body");
    const scroller = body.scrollHeight > body.clientHeight + 1 && getComputedStyle(body).overflowY !== "visible" ? body : column;
    scroller.scrollTop = scrolled;
    const current = nav.querySelector(".kb-tree [aria-current]");
    if (current) {
      const place = current.getBoundingClientRect();
      const frame = scroller.getBoundingClientRect();
      if (place.top < frame.top || place.bottom > frame.bottom) scroller.scrollTop += place.top - frame.top - frame.height / 2;
    }
    scroller.addEventListener("scroll", () => (scrolled = scroller.scrollTop), { passive: true });
  };

  const draw = () => {
    const nav = document.querySelector(".kb-nav");
    if (!nav) return;
    const body = nav.querySelector(".kb-nav__body");
    drawContents(body);
    const trail = nav.querySelector(".kb-nav__trail");
    if (!trail || !window.__kb_tree) return;
    const { ending, rows } = window.__kb_tree;
    const page = here();
    const open = new Set([...remembered(), ...(above(rows, "", page, ending) || [])]);
    trail.replaceWith(drawRows(rows, "", { ending, page, open }));
    nav.addEventListener("keydown", walk);
    showCurrent(nav);
  };

  const start = () => {
    draw();
    if (typeof document$ !== "undefined") document$.subscribe(draw);
  };

  const script = document.createElement("script");
  script.src = new URL("assets/kb/tree.js", root).href;
  script.onload = draw;
  document.body.append(script);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();

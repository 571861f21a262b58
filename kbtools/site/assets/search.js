/* The search box: opens by click and by `/`, `s`, `f`, shows what searchindex.js finds while one types, is used by mouse and by
   keyboard, and marks the words on the page that is opened from it. Loads nothing before the box is opened. */
(() => {
  "use strict";

  /* Whichever of the scripts comes first. */
  const index = () => window.__kb_search_index;
  const spansOf = (text, words) => window.__kb_search_words.spans(text, words);
  const box = document.querySelector(".kb-search");
  const toggle = document.querySelector("[data-md-toggle=search]");
  if (!box || !toggle) return;

  const input = box.querySelector(".md-search__input");
  const form = box.querySelector("form");
  const scroller = box.querySelector(".md-search__scrollwrap");
  const meta = box.querySelector(".md-search-result__meta");
  const list = box.querySelector(".md-search-result__list");
  const says = JSON.parse(document.getElementById("__config").textContent).translations;

  const PAGES_AT_ONCE = 8;
  const SECTIONS_AT_ONCE = 2;
  const EXCERPT = 110;
  const WAIT = 80; // ms from the last key to the search

  let shown = "";
  let turn = 0;
  let answer = Promise.resolve();
  let showMore = null;
  let timer = 0;

  const make = (name, className, ...content) => {
    const element = document.createElement(name);
    element.className = className;
    element.append(...content);
    return element;
  };

  // ---------------------------------------------------------------------------------------------- results

  /* The text with its words in <mark>. */
  const marked = (text, words) => {
    const pieces = [];
    let at = 0;
    for (const [start, end] of spansOf(text, words)) {
      pieces.push(text.slice(at, start), make("mark", "", text.slice(start, end)));
      at = end;
    }
    return [...pieces, text.slice(at)];
  };

  /* The part of a text that has the most of the words. */
  const excerpt = (text, words) => {
    const spans = spansOf(text, words);
    let best = [0, -1];
    spans.forEach(([start], at) => {
      const near = spans.slice(at).filter(([, end]) => end <= start + EXCERPT);
      const worth = new Set(near.map(([, , word]) => word)).size * 100 + near.length;
      if (worth > best[1]) best = [start, worth];
    });
    const from = Math.max(0, Math.min(best[0] - EXCERPT / 3, text.length - EXCERPT));
    const start = from && whole(text, from);
    const end = whole(text, Math.min(text.length, start + EXCERPT));
    return [start ? "…" : "", ...marked(text.slice(start, end).replace(/\s+/g, " "), words), end < text.length ? "…" : ""];
  };

  /* A place near this one that is not inside a word of Latin letters. */
  const whole = (text, place) => {
    const at = Math.round(place);
    const rest = /^[\p{Script=Latin}\p{N}\p{M}\ud800-\udfff]{0,20}/u.exec(text.slice(at));
    return at === 0 ? 0 : at + rest[0].length;
  };

  const link = (url, words) => {
    const found = new URL(url);
    found.searchParams.set("h", words.join(" "));
    return found.href;
  };

  const option = (section, words, { page, teaser }) => {
    const title = make(page ? "h1" : "h2", "", ...marked(page ? section.title : section.heading || section.title, words));
    title.setAttribute("role", "presentation");
    const article = make("div", "md-search-result__article md-typeset", title);
    if (page) article.prepend(make("div", "md-search-result__icon md-icon"));
    if (teaser && section.text.trim()) article.append(...excerpt(section.text, words));
    const tags = page ? section.tags.filter((tag) => spansOf(tag, words).length) : [];
    if (tags.length) article.append(make("div", "md-tags", ...tags.map((tag) => make("span", "md-tag", ...marked(tag, words)))));
    const element = make("a", "md-search-result__link", article);
    element.href = link(page ? section.url.replace(/#.*/, "") : section.url, words);
    return asOption(element);
  };

  const asOption = (element) => {
    element.setAttribute("role", "option");
    element.setAttribute("aria-selected", "false");
    element.tabIndex = -1;
    return element;
  };

  /* The line that stands for the other sections of a page, and is replaced by them. */
  const more = (numbers, words) => {
    const text = numbers.length === 1 ? says["search.result.more.one"] : says["search.result.more.other"].replace("#", numbers.length);
    const element = asOption(make("div", "kb-search__more", text));
    element.addEventListener("click", async () => {
      const sections = await Promise.all(numbers.map((number) => index().section(number)));
      const options = distinct(sections).map((section) => option(section, words, { page: false, teaser: true }));
      const active = element === selected();
      element.replaceWith(...options);
      if (active) select(options[0]);
    });
    return element;
  };

  /* Long sections are in the index in pieces: the best one speaks for all. */
  const distinct = (sections) => sections.filter((section, at) => sections.findIndex((other) => other.url === section.url) === at);

  const item = async ({ sections: numbers }, words) => {
    const sections = distinct(await Promise.all(numbers.slice(0, SECTIONS_AT_ONCE + 1).map((number) => index().section(number))));
    const top = sections.find((section) => !section.heading);
    const others = sections.filter((section) => section !== top).slice(0, SECTIONS_AT_ONCE);
    const element = make("div", "md-search-result__item", option(top ?? sections[0], words, { page: true, teaser: Boolean(top) }));
    element.setAttribute("role", "group");
    element.setAttribute("aria-label", sections[0].title);
    element.append(...others.map((section) => option(section, words, { page: false, teaser: true })));
    const rest = numbers.slice(SECTIONS_AT_ONCE + 1);
    if (rest.length) element.append(more(rest, words));
    return element;
  };

  const count = (number) => {
    if (number === 1) return says["search.result.one"];
    return number ? says["search.result.other"].replace("#", String(number)) : says["search.result.none"];
  };

  const show = async (query, mine) => {
    const { pages, words } = await index().search(query);
    const items = await Promise.all(pages.slice(0, PAGES_AT_ONCE).map((page) => item(page, words)));
    if (mine !== turn) return;
    meta.textContent = words.length ? count(pages.length) : says["search.result.placeholder"];
    replace(items);
    let next = PAGES_AT_ONCE;
    showMore = async () => {
      const some = pages.slice(next, (next += PAGES_AT_ONCE));
      const added = await Promise.all(some.map((page) => item(page, words)));
      if (mine === turn) list.append(...added);
      return added.length > 0;
    };
  };

  const replace = (items) => {
    list.replaceChildren(...items);
    scroller.scrollTop = 0;
    select(null);
  };

  const search = () => {
    clearTimeout(timer);
    const query = input.value.trim();
    if (query === shown) return answer;
    shown = query;
    const mine = ++turn;
    showMore = null;
    answer = show(query, mine).catch((error) => {
      if (mine !== turn) return;
      shown = "";
      replace([]);
      meta.textContent = `搜索索引没有载入（${error.message}）`;
    });
    return answer;
  };

  const searchSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(search, WAIT);
  };

  // ---------------------------------------------------------------------------------------------- keys

  const options = () => [...list.querySelectorAll("[role=option]")];
  const selected = () => list.querySelector("[aria-selected=true]");

  const select = (element) => {
    selected()?.setAttribute("aria-selected", "false");
    list.querySelector("#kb-search-active")?.removeAttribute("id");
    if (!element) {
      input.removeAttribute("aria-activedescendant");
      return;
    }
    element.id = "kb-search-active";
    element.setAttribute("aria-selected", "true");
    input.setAttribute("aria-activedescendant", element.id);
    element.scrollIntoView({ block: "nearest" });
  };

  /* The next option or the one before; beyond the ends lies the box itself. */
  const move = async (step) => {
    await search();
    const at = options().indexOf(selected());
    if (step > 0 && at === options().length - 1 && at >= 0 && showMore) await showMore();
    const all = [null, ...options()];
    select(all[(at + 1 + step + all.length) % all.length]);
    if (!selected()) scroller.scrollTop = 0;
  };

  const follow = async () => {
    await search();
    (selected() ?? options()[0])?.click();
  };

  const isOpen = () => toggle.checked;
  const set = (open) => {
    if (toggle.checked !== open) toggle.click();
  };

  const KEYS = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: follow,
    Escape: () => set(false),
  };

  const onKey = (event) => {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Tab") {
      set(false);
    } else if (KEYS[event.key]) {
      event.preventDefault();
      event.stopPropagation();
      KEYS[event.key]();
    } else if (document.activeElement !== input && event.key.length === 1) {
      input.focus();
    }
  };

  const isWriting = (element) => element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    if (isOpen()) {
      onKey(event);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !["/", "s", "f"].includes(event.key)) return;
    if (isWriting(document.activeElement ?? document.body)) return;
    event.preventDefault();
    input.focus();
    input.select();
  });

  // ---------------------------------------------------------------------------------------------- box

  input.addEventListener("focus", () => set(true));
  input.addEventListener("input", (event) => event.isComposing || searchSoon());
  input.addEventListener("compositionend", searchSoon);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => {
    input.focus();
    setTimeout(search); // once the box is empty
  });
  list.addEventListener("click", (event) => event.target.closest("a") && set(false));
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
  scroller.addEventListener("scroll", () => {
    if (showMore && scroller.scrollTop + scroller.clientHeight > scroller.scrollHeight - 40) showMore();
  });

  toggle.addEventListener("change", () => {
    input.setAttribute("aria-expanded", String(isOpen()));
    if (isOpen()) {
      index().open().catch(() => {}); // the search itself says what is wrong
      input.focus();
      return;
    }
    input.blur();
    const url = new URL(location.href);
    if (!url.searchParams.has("q")) return;
    url.searchParams.delete("q");
    history.replaceState(history.state, "", url);
  });

  const begin = () => {
    const asked = new URLSearchParams(location.search).get("q");
    if (!asked) return;
    input.value = asked;
    set(true);
    search();
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();

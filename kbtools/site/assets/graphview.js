/* What one can do with the graph of the whole vault: move and zoom it, see what is linked, search, filter, open; by mouse, by
   finger and by keyboard. `window.__kb_graphview(box, data, root)` begins it and gives the function that ends it. */
window.__kb_graphview = (box, data, root) => {
  "use strict";

  const LINK = 60; /* the length of a link in the data: layout.py's UNIT */
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const part = (name) => box.querySelector(`.kb-graph__${name}`);
  const [form, canvas, status, list] = ["bar", "canvas", "status", "list"].map(part);
  const graph = read();
  const { nodes, ranked } = graph;
  const view = { x: 0, y: 0, zoom: 1, least: 0.05 };
  const state = { over: null, current: null }; /* the node under the pointer, and where the keyboard stands */
  const { draw, readColours, spot, size, width, height, stop } = window.__kb_graphpaint(box, canvas, graph, view, state);
  const ended = new AbortController();
  const on = (target, kinds, act, more) =>
    kinds.split(" ").forEach((kind) => target.addEventListener(kind, act, { signal: ended.signal, ...more }));
  let moving = 0;

  /* The data as objects that know their neighbours. */
  function read() {
    const nodes = data.nodes.map(([title, url, path, kind, tags, x, y], number) => ({
      number, title, url, path, kind, tags, x, y, near: new Set(), shown: true, found: false, size: 0,
    }));
    const edges = [];
    for (let at = 0; at < data.edges.length; at += 2) {
      const [one, other] = [nodes[data.edges[at]], nodes[data.edges[at + 1]]];
      if (!one.near.has(other)) edges.push([one, other]);
      one.near.add(other);
      other.near.add(one);
    }
    for (const node of nodes) node.size = Math.min(3.2 + 0.9 * Math.sqrt(node.near.size), 12);
    return { nodes, edges, ranked: [...nodes].sort((a, b) => b.near.size - a.near.size || a.number - b.number) };
  }

  /* -------------------------------------------------------------------------------------------- the view */

  function go(x, y, zoom) {
    const from = { ...view };
    const begun = performance.now();
    cancelAnimationFrame(moving);
    const step = (now) => {
      const part = calm.matches ? 1 : Math.min(Math.max((now - begun) / 260, 0), 1);
      const done = 1 - (1 - part) ** 3;
      view.x = from.x + (x - from.x) * done;
      view.y = from.y + (y - from.y) * done;
      view.zoom = from.zoom * (zoom / from.zoom) ** done;
      draw();
      if (part < 1) moving = requestAnimationFrame(step);
    };
    step(begun);
  }

  /* The place and zoom at which some nodes fill the canvas. */
  function fit(some) {
    const [xs, ys] = [some.map((node) => node.x), some.map((node) => node.y)];
    const low = [xs, ys].map((all) => all.reduce((a, b) => Math.min(a, b), Infinity));
    const high = [xs, ys].map((all) => all.reduce((a, b) => Math.max(a, b), -Infinity));
    const room = (side, length) => Math.max(side - 90, 40) / Math.max(length, LINK);
    const zoom = Math.min(room(width(), high[0] - low[0]), room(height(), high[1] - low[1]), 2.6);
    return [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, zoom];
  }

  function reset(slow = true) {
    const some = nodes.filter((node) => node.shown);
    if (!some.length) return draw();
    const place = fit(some);
    view.least = Math.min(place[2], 0.3) / 2;
    if (slow) return go(...place);
    [view.x, view.y, view.zoom] = place;
    return draw();
  }

  function zoomBy(factor, x = width() / 2, y = height() / 2) {
    cancelAnimationFrame(moving);
    const zoom = Math.min(Math.max(view.zoom * factor, view.least), 6);
    view.x += (x - width() / 2) * (1 / view.zoom - 1 / zoom);
    view.y += (y - height() / 2) * (1 / view.zoom - 1 / zoom);
    view.zoom = zoom;
    draw();
  }

  function nodeAt(x, y, reach) {
    let best = null;
    for (const node of nodes) {
      if (!node.shown) continue;
      const [across, down] = spot(node);
      const away = Math.hypot(across - x, down - y) - size(node);
      if (away < reach && (!best || away < best.away)) best = { node, away };
    }
    return best && best.node;
  }

  function open(node, aside) {
    if (!node || !node.url) return tell(node);
    /* A click on a link, so that Material's instant navigation can take it. */
    const link = document.createElement("a");
    link.href = new URL(node.url, root).href;
    if (aside) [link.target, link.rel] = ["_blank", "noopener"];
    box.append(link);
    link.click();
    return link.remove();
  }

  function tell(node) {
    if (!node) return void (status.textContent = "");
    const count = [...node.near].filter((other) => other.shown).length;
    status.textContent = `${node.title}：${node.url ? "" : "还没有建立，"}${count ? `与 ${count} 篇笔记相连` : "没有链接"}`;
  }

  /* -------------------------------------------------------------------------------------------- the pointer */

  const held = new Map();
  let dragged = 0;
  const at = (event) => {
    const frame = canvas.getBoundingClientRect();
    return [event.clientX - frame.left, event.clientY - frame.top];
  };

  on(canvas, "pointerdown", (event) => {
    if (event.button > 1) return;
    canvas.setPointerCapture(event.pointerId);
    held.set(event.pointerId, at(event));
    dragged = held.size > 1 ? Infinity : 0;
  });
  on(canvas, "pointermove", (event) => {
    const before = held.get(event.pointerId);
    const here = at(event);
    if (!before) {
      state.over = nodeAt(...here, 5);
      canvas.classList.toggle("kb-graph__canvas--over", Boolean(state.over && state.over.url));
      tell(state.over || state.current);
      return draw();
    }
    dragged = Math.max(dragged, Math.hypot(here[0] - before[0], here[1] - before[1]));
    if (held.size === 1 && dragged < 4) return undefined;
    cancelAnimationFrame(moving);
    canvas.classList.add("kb-graph__canvas--held");
    const middle = () => [0, 1].map((axis) => [...held.values()].reduce((sum, place) => sum + place[axis], 0) / held.size);
    const spread = () => {
      const [one, other] = held.values();
      return other ? Math.hypot(one[0] - other[0], one[1] - other[1]) : 1;
    };
    const [from, wide] = [middle(), spread()];
    held.set(event.pointerId, here);
    const to = middle();
    view.x -= (to[0] - from[0]) / view.zoom;
    view.y -= (to[1] - from[1]) / view.zoom;
    return zoomBy(spread() / Math.max(wide, 1), ...to);
  });
  on(canvas, "pointerup pointercancel", (event) => {
    if (!held.delete(event.pointerId)) return;
    canvas.classList.remove("kb-graph__canvas--held");
    if (event.type === "pointercancel" || dragged >= 4) return;
    const touch = event.pointerType === "touch";
    const node = nodeAt(...at(event), touch ? 14 : 5);
    /* A finger cannot hover: its first touch shows the neighbours, the second one opens. */
    if (touch && node !== state.over) {
      state.over = node;
      tell(node);
      draw();
    } else open(node, event.button === 1 || event.ctrlKey || event.metaKey);
  });
  on(canvas, "pointerleave", (event) => {
    if (event.pointerType === "touch") return;
    state.over = null;
    tell(state.current);
    draw();
  });
  on(canvas, "wheel", (event) => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    zoomBy(Math.exp(-Math.min(Math.max(event.deltaY * lines, -240), 240) * (event.ctrlKey ? 0.01 : 0.002)), ...at(event));
  }, { passive: false });

  /* -------------------------------------------------------------------------------------------- the keyboard */

  const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  /* The nearest node that way: within a quarter of a turn if there is one, what lies aside counts double. */
  function step([right, down]) {
    const from = state.current && state.current.shown ? state.current : null;
    if (!from) return ranked.find((node) => node.shown) || null;
    const ahead = [];
    for (const node of nodes) {
      const [x, y] = [node.x - from.x, node.y - from.y];
      const along = x * right + y * down;
      const aside = Math.abs(x * down - y * right);
      if (node.shown && node !== from && along > 0) ahead.push({ node, wide: aside > along, away: along + 2 * aside });
    }
    ahead.sort((a, b) => a.wide - b.wide || a.away - b.away);
    return ahead.length ? ahead[0].node : from;
  }

  function stand(node) {
    state.current = node;
    state.over = null;
    tell(node);
    if (!node) return draw();
    const [x, y] = spot(node);
    const inside = x > 60 && y > 60 && x < width() - 60 && y < height() - 60;
    return inside ? draw() : go(node.x, node.y, view.zoom);
  }

  on(canvas, "keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (WAYS[event.key]) stand(step(WAYS[event.key]));
    else if (event.key === "Enter") open(state.current);
    else if (event.key === "+" || event.key === "=") zoomBy(1.3);
    else if (event.key === "-" || event.key === "_") zoomBy(1 / 1.3);
    else if (event.key === "Escape") clear();
    else return;
    event.preventDefault();
    event.stopPropagation(); /* Material has keys of its own */
  });
  on(box.querySelector(".kb-graph__buttons"), "click", (event) => {
    const way = event.target.dataset.kbZoom;
    if (way === "fit") reset();
    else if (way) zoomBy(way === "in" ? 1.4 : 1 / 1.4);
  });

  /* -------------------------------------------------------------------------------------------- search, filters */

  const field = (name) => form.elements.namedItem(name);

  function clear() {
    field("query").value = "";
    search();
    stand(null);
    reset();
  }

  function search(wander = true) {
    const query = field("query").value.trim().toLowerCase();
    for (const node of nodes) node.found = Boolean(query) && node.shown && node.title.toLowerCase().includes(query);
    const found = nodes.filter((node) => node.found);
    state.current = null;
    status.textContent = query ? (found.length ? `找到 ${found.length} 篇` : "没有找到") : "";
    if (!found.length || !wander) return draw();
    const [x, y, zoom] = fit(found);
    return go(x, y, Math.min(zoom, Math.max(view.zoom, 1.2)));
  }

  function filter() {
    const kinds = new Set([...form.querySelectorAll("[name=kind]:checked")].map((check) => Number(check.value)));
    const [missing, loose] = ["missing", "loose"].map((name) => !field(name) || field(name).checked);
    const tag = field("tag").value;
    for (const node of nodes) {
      node.shown = node.kind < 0 ? missing : kinds.has(node.kind);
      if (tag !== "" && !node.tags.includes(Number(tag))) node.shown = false;
      if (!loose && !node.near.size) node.shown = false;
    }
    if (state.over && !state.over.shown) state.over = null;
    search(false);
    fillList();
  }

  function fillList() {
    if (!list.open) return;
    const items = nodes.filter((node) => node.shown).sort((a, b) => a.title.localeCompare(b.title, "zh"));
    list.querySelector("ul").replaceChildren(...items.map((node) => {
      const item = document.createElement("li");
      const name = node.url ? item.appendChild(document.createElement("a")) : item;
      if (node.url) name.href = new URL(node.url, root).href;
      name.textContent = node.title;
      item.append(node.url ? `（${node.near.size}）` : `（未建立，${node.near.size}）`);
      return item;
    }));
  }

  data.tags.forEach((tag, number) => field("tag").add(new Option("#" + tag, number)));
  on(form, "submit", (event) => {
    event.preventDefault();
    const best = ranked.filter((node) => node.found).sort((a, b) => a.title.length - b.title.length)[0];
    if (!best) return;
    canvas.focus();
    stand(best);
  });
  on(form, "input", (event) => (event.target === field("query") ? search() : filter()));
  on(form, "keydown", (event) => {
    if (event.target !== field("query")) return;
    event.stopPropagation();
    if (event.key === "Escape") clear();
  });
  on(list, "toggle", fillList);

  /* -------------------------------------------------------------------------------------------- the surroundings */

  const scheme = new MutationObserver(readColours);
  const colourAttributes = ["data-md-color-scheme", "data-md-color-primary", "data-md-color-accent"];
  for (const element of [document.documentElement, document.body]) {
    scheme.observe(element, { attributes: true, attributeFilter: colourAttributes });
  }
  let sized = false;
  const resized = new ResizeObserver(() => {
    if (!width() || !height()) return;
    if (!sized) reset(false);
    sized = true;
    draw();
  });
  resized.observe(canvas);
  on(window, "resize", draw); /* another screen may have other pixels */
  readColours();
  filter();
  box.dataset.kbGraph = "ready";
  return () => {
    ended.abort();
    scheme.disconnect();
    resized.disconnect();
    stop();
    cancelAnimationFrame(moving);
  };
};

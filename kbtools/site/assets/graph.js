/* Brings the graph of the whole vault to the page that has `[data-kb-graph]` (graphdata.py makes that page). Every page loads this
   file; what it takes to draw, and the data, is loaded on that page only: `graph-data.js`, and graphpaint.js and graphview.js,
   which lie beside this file. Scripts, not requests, so that it works from file:// too. */
(() => {
  "use strict";

  const DATA = "assets/kb/graph-data.js";
  const beside = document.currentScript.src;

  /* With navigation.instant the configuration stays that of the first page: its address counts from there. */
  const config = document.getElementById("__config");
  const base = config ? JSON.parse(config.textContent).base : "."; /* "/" on the page that stands for all that are not there */
  const root = new URL(base.replace(/\/?$/, "/"), location.href);
  let shown = null;
  let stop = () => {};

  const load = (url, name) =>
    new Promise((loaded, failed) => {
      if (window[name]) return loaded();
      const script = document.createElement("script");
      script.src = url.href;
      script.onload = loaded;
      script.onerror = failed;
      return document.head.append(script);
    });

  async function start() {
    const box = document.querySelector("[data-kb-graph]");
    if (box === shown) return;
    stop();
    stop = () => {};
    shown = box;
    if (!box) return;
    try {
      await Promise.all([
        load(new URL(DATA, root), "__kb_graph"),
        load(new URL("graphpaint.js", beside), "__kb_graphpaint"),
        load(new URL("graphview.js", beside), "__kb_graphview"),
      ]);
    } catch {
      box.querySelector(".kb-graph__status").textContent = "图的数据没有读到";
      return;
    }
    if (box === shown && box.isConnected) stop = window.__kb_graphview(box, window.__kb_graph, root);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
  /* Not instead: from file:// and with navigation.instant, Material's document$ never says anything. */
  if (window.document$) window.document$.subscribe(start);
})();

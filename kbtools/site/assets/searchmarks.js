/* Marks the words of `?h=` on the page that was opened from a search; with Material's instant navigation, on every page anew. */
(() => {
  "use strict";

  const NOT_TEXT = "script, style, svg, math, mark[data-md-highlight]";

  const unmark = (root) => {
    for (const mark of root.querySelectorAll("mark[data-md-highlight]")) {
      const parent = mark.parentNode;
      mark.replaceWith(...mark.childNodes);
      parent.normalize();
    }
  };

  const markNode = (node, words) => {
    const text = node.data;
    const pieces = [];
    let at = 0;
    for (const [start, end] of window.__kb_search_words.spans(text, words)) {
      const mark = document.createElement("mark");
      mark.dataset.mdHighlight = "";
      mark.textContent = text.slice(start, end);
      pieces.push(text.slice(at, start), mark);
      at = end;
    }
    if (pieces.length) node.replaceWith(...pieces, text.slice(at));
  };

  const markPage = () => {
    const article = document.querySelector("article.md-content__inner");
    if (!article) return;
    unmark(article);
    const words = window.__kb_search_words.words(new URLSearchParams(location.search).get("h") ?? "");
    if (!words.length) return;
    const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
    const nodes = [];
    while (walker.nextNode()) nodes.push(walker.currentNode);
    nodes.filter((node) => !node.parentElement.closest(NOT_TEXT)).forEach((node) => markNode(node, words));
  };

  if (typeof document$ !== "undefined") {
    document$.subscribe(markPage);
    /* Another place of the same page: Material changes the address after it has said so. */
    location$.subscribe(() => setTimeout(markPage));
  } else if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", markPage);
  } else {
    markPage();
  }
})();

/* What every page of the site does by itself: keeps what stands around a note where there is room for it, and lets the keyboard
   reach what scrolls sideways. Works with and without Material's instant navigation, from a server and from a file. */
(() => {
  "use strict";

  const SCROLLERS = ".kb-long, .md-typeset__scrollwrap, .md-typeset pre > code, .md-typeset .kb-math, .md-typeset math[display=block], .kb-diagram, .mermaid, .kb-canvas__body";
  const wide = matchMedia("(min-width: 76.25em)");

  /* main.html defines it beside the article, so that the first paint is right already. */
  const placeAround = () => window.__kb_place_around && window.__kb_place_around();

  const letScroll = () => {
    for (const element of document.querySelectorAll(SCROLLERS)) {
      if (element.scrollWidth > element.clientWidth + 1 || (element.matches(".kb-canvas__body") && element.scrollHeight > element.clientHeight + 1)) {
        element.tabIndex = 0;
      } else if (element.tabIndex === 0) {
        element.removeAttribute("tabindex");
      }
    }
  };

  let waiting = 0;
  const letScrollSoon = () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(letScroll);
  };

  /* Instant navigation names a place before the page that has it is there, now and then: the reader stays at the top. */
  const reachPlace = () => {
    let place = location.hash.slice(1);
    try {
      place = decodeURIComponent(place);
    } catch { /* as it is written */ }
    if (place && !document.querySelector(":target") && document.getElementById(place)) location.replace(location.hash);
  };

  const start = () => {
    placeAround();
    letScrollSoon();
    setTimeout(reachPlace);
  };

  wide.addEventListener("change", placeAround);
  addEventListener("resize", letScrollSoon, { passive: true });
  if (typeof document$ !== "undefined") {
    document$.subscribe(start);
  } else if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
})();

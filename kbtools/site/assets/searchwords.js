/* Text -> words: the ones of a query, and where they stand in a text. Folds and cuts as kbtools/site/searchterms.py does.
   Gives `window.__kb_search_words`. */
(() => {
  "use strict";

  const MOST_TERMS = 8; // that a query may look up
  const HAN = "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\u{20000}-\u{3ffff}";
  const WORD = new RegExp(`[${HAN}]+|(?:(?![${HAN}])[\\p{L}\\p{N}])+`, "gu");
  const IS_HAN = new RegExp(`[${HAN}]`, "u");
  const ENDS_IN_WORD = new RegExp(`(?![${HAN}])[\\p{L}\\p{N}]$`, "u");

  const folds = new Map();

  function foldLetter(letter) {
    if (!folds.has(letter)) {
      const plain = letter.normalize("NFKD").toLowerCase().replace(/\p{M}/gu, "");
      folds.set(letter, plain.normalize("NFC"));
    }
    return folds.get(letter);
  }

  /* The folded text, and for each of its units where in the text that is. */
  function fold(text) {
    const pieces = [];
    const places = [];
    let at = 0;
    for (const letter of text) {
      const folded = foldLetter(letter);
      pieces.push(folded);
      for (let unit = 0; unit < folded.length; unit++) places.push(at);
      at += letter.length;
    }
    places.push(at);
    return { text: pieces.join(""), places };
  }

  /* The words of a query; of one that would bring in more than MOST_TERMS terms, the first ones. */
  function words(query) {
    let left = MOST_TERMS;
    const kept = new Set();
    for (const word of fold(query).text.match(WORD) ?? []) {
      if (left <= 0) break;
      const letters = [...word];
      kept.add(IS_HAN.test(word) ? letters.slice(0, 2 * left).join("") : word);
      left -= IS_HAN.test(word) ? Math.ceil(letters.length / 2) : 1;
    }
    return [...kept];
  }

  /* Where the words stand in a text: [start, end, number of the word], in order, none over another. */
  function spans(text, found) {
    const folded = fold(text);
    const all = [];
    found.forEach((word, number) => {
      const han = IS_HAN.test(word);
      for (let at = folded.text.indexOf(word); at >= 0; at = folded.text.indexOf(word, at + 1)) {
        if (!han && ENDS_IN_WORD.test(folded.text.slice(Math.max(0, at - 2), at))) continue;
        all.push([folded.places[at], folded.places[at + word.length], number]);
      }
    });
    all.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
    return all.reduce((kept, span) => {
      if (!kept.length || span[0] >= kept[kept.length - 1][1]) kept.push(span);
      return kept;
    }, []);
  }

  window.__kb_search_words = { fold: (text) => fold(text).text, words, spans, isHan: (word) => IS_HAN.test(word) };
})();

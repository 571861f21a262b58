/* Query -> pages, best first, out of the shards that kbtools/site/searchindex.py wrote (its first comment says how they are written).
   Loads what the query needs, once, by <script>, so that it works from file:// as well. Gives `window.__kb_search_index`. */
(() => {
  "use strict";

  const DIGITS = Array.from({ length: 94 }, (_, at) => String.fromCharCode(33 + at)).filter((c) => !'!"\\<'.includes(c)).join("");
  const HALF = DIGITS.length / 2;
  const VALUES = new Map(Array.from(DIGITS, (digit, value) => [digit.charCodeAt(0), value]));

  const TEXT = 0;
  const TITLE = 4;
  const WEIGHTS = [1, 3, 4, 8, 10]; // of text, tag, heading, alias, title
  const PREFIX = 3;
  const LONG = 6;
  const MOST_SHARDS = 6; // that the beginning of a word may bring in

  // ---------------------------------------------------------------------------------------------- files

  const base = new URL(JSON.parse(document.getElementById("__config").textContent).base, location.href).href.replace(/\/?$/, "/");
  const arrived = new Map();
  let files = new Map();
  let version = "";

  window.__kb_search = (build, name, data) => arrived.set(name, { build, data });

  class Stale extends Error {}

  function load(name, mark = version) {
    if (files.has(name)) return files.get(name);
    const file = new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = `${base}assets/kb/search/${name}.js${mark && `?${mark}`}`;
      script.onload = () => {
        script.remove();
        const { build, data } = arrived.get(name);
        arrived.delete(name);
        if (name === "manifest") version = build;
        if (build === version) resolve(data);
        else reject(new Stale(name));
      };
      script.onerror = () => {
        script.remove();
        files.delete(name);
        reject(new Error(`${name}.js is not there`));
      };
      document.body.append(script);
    });
    files.set(name, file);
    return file;
  }

  let opened = null;

  async function open(mark) {
    const data = await load("manifest", mark);
    const pageOf = [];
    numbers(data.pages).forEach((count, page) => { for (let each = 0; each < count; each++) pageOf.push(page); });
    let start = 0;
    const starts = numbers(data.sections).map((count) => (start += count) - count);
    return { terms: data.terms, starts, pageOf };
  }

  function manifest() {
    opened ??= open("").catch((error) => { opened = null; throw error; });
    return opened;
  }

  /* Does it; once more with new files when the site was built anew since the manifest was loaded. */
  async function withFresh(action) {
    try {
      return await action(await manifest());
    } catch (error) {
      if (!(error instanceof Stale)) throw error;
      files = new Map();
      version = "";
      opened = open(String(Date.now()));
      return action(await opened);
    }
  }

  /* The last of the sorted starts that is not after what is looked for. */
  function before(starts, wanted) {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= wanted) low = middle;
      else high = middle;
    }
    return low;
  }

  // ---------------------------------------------------------------------------------------------- postings

  function reader(text) {
    let at = 0;
    return {
      done: () => at >= text.length,
      next() {
        let value = 0;
        for (;;) {
          const digit = VALUES.get(text.charCodeAt(at++));
          if (digit < HALF) return value * HALF + digit;
          value = value * HALF + digit - HALF;
        }
      },
    };
  }

  function numbers(text) {
    const read = reader(text);
    const all = [];
    while (!read.done()) all.push(read.next());
    return all;
  }

  /* A posting as a map of section * 8 + field -> places; null where these are not written. */
  function parse(written) {
    const placeless = written[0] === "!";
    const read = reader(placeless ? written.slice(1) : written);
    const found = new Map();
    let section = 0;
    while (!read.done()) {
      const where = read.next();
      section += where >> 1;
      found.set(section * 8 + (where & 1 ? read.next() : TEXT), placeless ? null : places(read));
    }
    return found;
  }

  function places(read) {
    const all = [];
    let at = 0;
    for (;;) {
      const step = read.next();
      at += step >> 1;
      all.push(at);
      if (step & 1) return all;
    }
  }

  const EMPTY = new Map();

  async function posting(book, term) {
    if (!book.terms.length) return EMPTY;
    const shard = await load(`t${before(book.terms, term)}`);
    return Object.prototype.hasOwnProperty.call(shard, term) ? parse(shard[term]) : EMPTY;
  }

  const isPlaceless = (found) => found.size > 0 && found.values().next().value === null;

  /* Sections that have all the pairs of a word of Han text, one after the other. Every other pair says it all, unless one has no
     places; in a long word the others say enough. */
  async function hanHits(book, letters) {
    if (letters.length === 1) return posting(book, letters[0]);
    const last = letters.length - 2;
    const pairs = async (offsets) =>
      Promise.all(offsets.map(async (offset) => ({ offset, found: await posting(book, letters[offset] + letters[offset + 1]) })));
    const offsets = [...Array(last + 1).keys()];
    let parts = await pairs(offsets.filter((offset) => offset % 2 === 0 || offset === last));
    if (last > 0 && letters.length <= LONG && parts.some((part) => isPlaceless(part.found))) {
      parts = parts.concat(await pairs(offsets.filter((offset) => offset % 2 && offset !== last)));
    }
    return together(parts);
  }

  function together(parts) {
    const [least, ...others] = parts.sort((a, b) => isPlaceless(a.found) - isPlaceless(b.found) || a.found.size - b.found.size);
    const hits = new Map();
    for (const [key, first] of least.found) {
      if (!others.every((part) => part.found.has(key))) continue;
      let starts = first && first.map((place) => place - least.offset);
      for (const part of others) {
        const there = part.found.get(key);
        if (!starts || !there) continue;
        const set = new Set(there);
        starts = starts.filter((start) => set.has(start + part.offset));
      }
      if (!starts || starts.length) hits.set(key, starts);
    }
    return hits;
  }

  /* Sections that have a word with this beginning. */
  async function wordHits(book, word) {
    const hits = new Map(await posting(book, word));
    const add = (found) => found.forEach((there, key) => {
      if (!hits.has(key)) hits.set(key, there);
      else if (there && hits.get(key)) hits.set(key, [...hits.get(key), ...there].sort((a, b) => a - b));
    });
    if (word.length <= PREFIX) {
      add(await posting(book, `${word}*`));
      return hits;
    }
    const from = before(book.terms, word);
    const to = Math.min(before(book.terms, `${word}\uffff`), from + MOST_SHARDS - 1);
    const shards = await Promise.all([...Array(to - from + 1).keys()].map((each) => load(`t${from + each}`)));
    for (const shard of shards) {
      for (const term of Object.keys(shard)) if (term !== word && term.startsWith(word)) add(parse(shard[term]));
    }
    return hits;
  }

  // ---------------------------------------------------------------------------------------------- rank

  /* The words of the query and the pages that have all of them, best first; a page's `sections` are the numbers of those that say
     why, best first. */
  async function search(query) {
    const text = window.__kb_search_words; // whichever of the scripts comes first
    const wanted = text.words(query);
    if (!wanted.length) return { words: wanted, pages: [] };
    return withFresh(async (book) => {
      const [exact, ...hits] = await Promise.all([
        posting(book, `=${text.fold(query).trim()}`),
        ...wanted.map((word) => (text.isHan(word) ? hanHits(book, [...word]) : wordHits(book, word))),
      ]);
      return { words: wanted, pages: rank(book, wanted, hits, exact) };
    });
  }

  function rank(book, wanted, hits, exact) {
    const pages = collect(book, hits);
    const named = new Map([...exact.keys()].map((key) => [book.pageOf[key >> 3], WEIGHTS[key & 7] + (key & 7)]));
    const ranked = [...pages].map(([number, { sections, best }]) => {
      const scored = [...sections].map(([section, found]) => ({ section, ...score(found, wanted) }));
      scored.sort((a, b) => b.words - a.words || b.field - a.field || b.close - a.close || b.often - a.often || a.section - b.section);
      return {
        number,
        field: best.reduce((sum, each) => sum + each, 0) + (named.get(number) ?? 0) * wanted.length,
        close: Math.max(...scored.map((each) => each.close)),
        often: scored.reduce((sum, each) => sum + each.often, 0),
        sections: scored.filter((each) => each.words === scored[0].words).map((each) => each.section),
      };
    });
    return ranked.sort((a, b) => b.field - a.field || b.close - a.close || b.often - a.often || a.number - b.number);
  }

  /* Page -> the best weight of each word and what its sections have, for the pages that have every word. */
  function collect(book, hits) {
    let common = null;
    for (const found of hits) {
      const here = new Set([...found.keys()].map((key) => book.pageOf[key >> 3]));
      common = common ? new Set([...common].filter((page) => here.has(page))) : here;
    }
    const pages = new Map([...common].map((page) => [page, { best: hits.map(() => 0), sections: new Map() }]));
    hits.forEach((found, word) => found.forEach((there, key) => {
      const page = pages.get(book.pageOf[key >> 3]);
      if (!page) return;
      const weight = WEIGHTS[key & 7] + ((key & 7) === TITLE && there && there[0] === 0 ? 0.5 : 0);
      page.best[word] = Math.max(page.best[word], weight);
      const section = page.sections.get(key >> 3) ?? [];
      page.sections.set(key >> 3, section);
      section.push({ word, weight, places: (key & 7) === TEXT ? there : null, often: there ? there.length : 1 });
    }));
    return pages;
  }

  /* How well a section answers: how many of the words, in which fields, how near each other, how often. */
  function score(found, wanted) {
    const best = wanted.map(() => 0);
    const texts = wanted.map(() => null);
    for (const hit of found) {
      best[hit.word] = Math.max(best[hit.word], hit.weight);
      texts[hit.word] = hit.places ?? texts[hit.word];
    }
    return {
      words: best.filter((weight) => weight > 0).length,
      field: best.reduce((sum, weight) => sum + weight, 0),
      close: best.every((weight) => weight > 0) ? closeness(texts, wanted) : 0,
      often: found.reduce((sum, hit) => sum + Math.min(hit.often, 9), 0),
    };
  }

  function closeness(texts, wanted) {
    if (wanted.length === 1) return 1;
    if (!texts.every(Boolean)) return 0.1;
    const [first, ...others] = texts;
    const least = Math.min(...first.map((place) => others.reduce((sum, there) => sum + nearest(there, place), 0)));
    return 1 / (1 + least / 20);
  }

  const nearest = (there, place) => there.reduce((least, other) => Math.min(least, Math.abs(other - place)), Infinity);

  /* What is shown of a section: { url, title, heading, text, tags }. */
  function section(number) {
    return withFresh(async (book) => {
      const shard = before(book.starts, number);
      const [url, title, heading, text, ...tags] = (await load(`s${shard}`))[number - book.starts[shard]];
      return { url: base + url, title, heading, text, tags };
    });
  }

  window.__kb_search_index = { search, section, open: manifest };
})();

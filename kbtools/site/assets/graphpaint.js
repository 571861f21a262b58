/* Paints the graph of the whole vault on a canvas: edges, nodes in the shape and colour of their kind, titles as far as there is
   room. graphview.js moves the view and says what is under the pointer; here is only what it looks like. */
window.__kb_graphpaint = (box, canvas, graph, view, state) => {
  "use strict";

  const { nodes, edges, ranked } = graph;
  const KINDS = 8;
  const FONT = '"PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", system-ui, sans-serif';
  /* Corners and turn of the shape of each kind, as graphdata.py's MARKS show them; the others are circles. */
  const SHAPES = { 1: [4, 0.5], 2: [3, 0], 3: [4, 0], 4: [3, 0.5], 5: [6, 0], 6: [5, 0.5], 7: [5, 0] };
  const ALWAYS = 12; /* so many titles are to be seen from however far */
  const pen = canvas.getContext("2d");
  let colours = {};
  let frame = 0;

  const draw = () => (frame = frame || requestAnimationFrame(paint));
  const width = () => canvas.clientWidth;
  const height = () => canvas.clientHeight;
  const spot = (node) => [(node.x - view.x) * view.zoom + width() / 2, (node.y - view.y) * view.zoom + height() / 2];
  const size = (node) => node.size * Math.min(Math.max(Math.sqrt(view.zoom), 0.4), 2);

  /* Through an element, which makes plain colours of variables and mixtures. */
  function readColours() {
    const probe = box.appendChild(document.createElement("i"));
    const read = (name) => {
      probe.style.color = `var(--kb-graph-${name})`;
      return getComputedStyle(probe).color;
    };
    colours = { kinds: Array.from({ length: KINDS }, (_, number) => read(`kind-${number}`)) };
    for (const name of ["ground", "text", "line", "accent", "missing"]) colours[name] = read(name);
    probe.remove();
    draw();
  }

  function paint() {
    frame = 0;
    const sharp = window.devicePixelRatio || 1;
    const [wide, high] = [Math.round(width() * sharp), Math.round(height() * sharp)];
    if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
    pen.setTransform(sharp, 0, 0, sharp, 0, 0);
    pen.clearRect(0, 0, width(), height());
    const focus = state.over || state.current;
    const searching = nodes.some((node) => node.found);
    const lit = (node) => (focus ? node === focus || focus.near.has(node) : !searching || node.found);
    paintEdges(focus, focus || searching);
    paintNodes(lit, (node) => node === focus || node.found);
    if (state.current && state.current.shown) ring(state.current);
    paintLabels(focus, searching);
  }

  function paintEdges(focus, faded) {
    pen.lineWidth = 1;
    pen.strokeStyle = colours.line;
    pen.globalAlpha = Math.min(Math.max(20 / Math.sqrt(edges.length), 0.25), 0.9) * (faded ? 0.4 : 1);
    stroke(edges.filter(([one, other]) => one !== focus && other !== focus));
    if (!focus) return;
    pen.globalAlpha = 1;
    pen.lineWidth = 1.4;
    pen.strokeStyle = colours.accent;
    stroke(edges.filter(([one, other]) => one === focus || other === focus));
  }

  function stroke(some) {
    pen.beginPath();
    for (const [one, other] of some) {
      if (!one.shown || !other.shown) continue;
      pen.moveTo(...spot(one));
      pen.lineTo(...spot(other));
    }
    pen.stroke();
  }

  /* Nodes that look alike are one path: thousands of them must not cost thousands of strokes. */
  function paintNodes(lit, strong) {
    const alike = new Map();
    const seen = [];
    for (const node of nodes) {
      const [x, y] = spot(node);
      if (!node.shown || x < -20 || y < -20 || x > width() + 20 || y > height() + 20) continue;
      const look = `${node.kind} ${lit(node)} ${strong(node)}`;
      if (!alike.has(look)) alike.set(look, []);
      alike.get(look).push(node);
      seen.push(node);
    }
    /* The ground below first: lines must not show through a node that is faded or empty. */
    pen.globalAlpha = 1;
    pen.fillStyle = colours.ground;
    outline(seen);
    pen.fill();
    for (const group of alike.values()) paintAlike(group, lit(group[0]) ? 1 : 0.22, strong(group[0]));
  }

  function paintAlike(group, alpha, strong) {
    const kind = group[0].kind;
    outline(group);
    pen.globalAlpha = alpha;
    if (kind < 0) {
      pen.lineWidth = 1.2;
      pen.strokeStyle = strong ? colours.accent : colours.missing;
      pen.stroke();
    } else {
      pen.fillStyle = strong ? colours.accent : colours.kinds[kind];
      pen.fill();
    }
  }

  function outline(some) {
    pen.beginPath();
    for (const node of some) {
      const [x, y] = spot(node);
      const r = size(node);
      if (SHAPES[node.kind]) polygon(...SHAPES[node.kind], x, y, 1.25 * r);
      else {
        pen.moveTo(x + r, y);
        pen.arc(x, y, r, 0, 2 * Math.PI);
      }
    }
  }

  function polygon(count, turn, x, y, r) {
    for (let corner = 0; corner < count; corner++) {
      const angle = ((corner + turn) / count - 0.25) * 2 * Math.PI;
      const place = [x + r * Math.cos(angle), y + r * Math.sin(angle)];
      if (corner) pen.lineTo(...place);
      else pen.moveTo(...place);
    }
    pen.closePath();
  }

  function ring(node) {
    pen.globalAlpha = 1;
    pen.lineWidth = 2;
    pen.strokeStyle = colours.accent;
    pen.beginPath();
    pen.arc(...spot(node), size(node) + 5, 0, 2 * Math.PI);
    pen.stroke();
  }

  /* The titles of what matters now, otherwise of the most linked, as long as none covers another one. */
  function paintLabels(focus, searching) {
    const taken = new Map();
    let some = ranked.filter((node) => node.shown);
    if (searching) some = ranked.filter((node) => node.found);
    if (focus) some = [focus, ...ranked.filter((node) => focus.near.has(node))];
    pen.textAlign = "center";
    pen.textBaseline = "top";
    pen.lineJoin = "round";
    pen.lineWidth = 3;
    pen.strokeStyle = colours.ground;
    some.forEach((node, rank) => {
      const chosen = node === focus || node.found;
      const alpha = focus || searching || rank < ALWAYS ? 1 : weight(node);
      if (node.shown && alpha > 0.1) paintLabel(node, chosen, alpha, taken);
    });
    pen.globalAlpha = 1;
  }

  function paintLabel(node, chosen, alpha, taken) {
    const [x, y] = spot(node);
    if (x < 0 || y < 0 || x > width() || y > height()) return;
    const text = node.title.length > 24 && !chosen ? node.title.slice(0, 23) + "…" : node.title;
    pen.font = `${chosen ? 600 : 400} 12px ${FONT}`;
    const half = pen.measureText(text).width / 2 + 3;
    const left = Math.min(Math.max(x, half), width() - half);
    const tops = [y + size(node) + 4, y - size(node) - 18];
    const top = tops.find((top) => claim(taken, left - half, top - 1, left + half, top + 15));
    if (top === undefined) return;
    pen.globalAlpha = alpha;
    pen.fillStyle = chosen ? colours.accent : colours.text;
    pen.strokeText(text, left, top);
    pen.fillText(text, left, top);
  }

  /* How much of a title is to be seen at this zoom: near ones all, from afar only those of the most linked. */
  function weight(node) {
    const far = nodes.length < 60 ? 0.25 : 0.55;
    return Math.min(Math.max((view.zoom * (0.7 + node.near.size / 12) - far) * 3, 0), 0.85);
  }

  /* Takes a rectangle unless another one has a part of it; `taken` holds rectangles by cells of 64 pixels. */
  function claim(taken, left, top, right, bottom) {
    const cells = [];
    for (let across = Math.floor(left / 64); across <= right / 64; across++) {
      for (let down = Math.floor(top / 64); down <= bottom / 64; down++) cells.push(`${across},${down}`);
    }
    const hits = ([l, t, r, b]) => l < right && r > left && t < bottom && b > top;
    if (cells.some((cell) => (taken.get(cell) || []).some(hits))) return false;
    for (const cell of cells) taken.set(cell, [...(taken.get(cell) || []), [left, top, right, bottom]]);
    return true;
  }

  return { draw, readColours, spot, size, width, height, stop: () => cancelAnimationFrame(frame) };
};

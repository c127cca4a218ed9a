// The chain of an attack, drawn: each query a point at its score, the threshold a line, and what moved a text.
import { el, logLink, when } from "/dom.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 720, HEIGHT = 220, LEFT = 44, BOTTOM = 26, TOP = 10, RIGHT = 8;

function svg(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

const number = (value) => typeof value === "number" ? +value.toFixed(4) : value;

function stepText(point) {
  if (!point.step.length) return "first of its kind, or a copy";
  return point.step.slice(0, 4).map((move) => `${move.feature} ${number(move.from)} → ${number(move.to)}`).join(", ") +
    (point.step.length > 4 ? `, and ${point.step.length - 4} more` : "");
}

function pointText(point) {
  const score = typeof point.score === "number" ? `score ${point.score.toFixed(3)}` : "no score";
  return `query ${point.n + 1} by ${point.caller}: ${score}, ${point.label || "no answer"}` +
    `${point.disposition === "served" ? "" : ` (${point.disposition})`}; ${stepText(point)}`;
}

// Round: let through. Square: stopped by the model. Cross: answered by the rules or refused; so colour is never alone.
function mark(point, x, y, positive) {
  if (point.disposition !== "served") return svg("path", { d: `M${x - 3} ${y - 3}l6 6m0 -6l-6 6`, class: "rules" });
  if (point.label !== positive) return svg("circle", { cx: x, cy: y, r: 3.5, class: "through" });
  return svg("rect", { x: x - 2.5, y: y - 2.5, width: 5, height: 5, class: "stopped" });
}

function drawing(picture) {
  const points = picture.chain.points.filter((point) => typeof point.score === "number");
  const most = Math.max(1, picture.chain.points.at(-1)?.n ?? 1);
  const x = (n) => LEFT + (WIDTH - LEFT - RIGHT) * n / most;
  const y = (score) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - Math.min(1, Math.max(0, score)));
  const root = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-labelledby": "chain-title chain-text" });
  root.append(svg("title", { id: "chain-title" }, "The chain's queries by score"),
    svg("desc", { id: "chain-text" }, `${picture.sentence}. The list below says each step in words.`));
  for (const score of [0, 0.5, 1])
    root.append(svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(score), y2: y(score), class: "grid" }),
      svg("text", { x: LEFT - 8, y: y(score) + 4, class: "axis", "text-anchor": "end" }, score.toFixed(1)));
  root.append(svg("text", { x: LEFT, y: HEIGHT - 6, class: "axis" }, "first query"),
    svg("text", { x: WIDTH - RIGHT, y: HEIGHT - 6, class: "axis", "text-anchor": "end" }, `query ${most + 1}`));
  if (typeof picture.threshold === "number")
    root.append(svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(picture.threshold), y2: y(picture.threshold), class: "threshold" }),
      svg("text", { x: WIDTH - RIGHT, y: y(picture.threshold) - 5, class: "axis", "text-anchor": "end" },
        `${picture.positive_label} from ${picture.threshold}`));
  for (const point of points) {
    const made = mark(point, x(point.n), y(point.score), picture.positive_label);
    made.append(svg("title", {}, pointText(point)));
    root.append(made);
  }
  return root;
}

export function chainFigure(picture) {
  const chain = picture.chain;
  const figure = el("figure", { className: "chain" });
  const legend = el("figcaption", { className: "soft" },
    `● let through  ■ stopped by the model (${picture.positive_label})  × answered by the rules. `,
    chain.thinned ? `${chain.points.length} of ${chain.queries} requests are drawn. ` : "",
    picture.threshold === null ? "No threshold is drawn: the scores of what passed and what did not overlap. " : "");
  const steps = el("ol", { className: "plain steps" }, ...chain.points.slice(0, 60).map((point) =>
    el("li", {}, logLink(picture.stream, point.index), " ", when(point.time), " ", pointText(point))));
  const details = el("details", {}, el("summary", {}, "The steps in words"), steps,
    chain.points.length > 60 ? el("p", { className: "soft" }, "The first 60; the API's picture has all that are drawn.") : null);
  figure.append(el("div", { className: "scroll", tabindex: "0", role: "region", "aria-label": "The chain, drawn" }, drawing(picture)), legend, details);
  return figure;
}

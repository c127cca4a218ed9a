// What the players of a drill have been told, have decided and have sent. Hidden where everything is real.
import { get } from "/api.js";
import { $, el, list, person, when } from "/dom.js";

function injectLine(inject) {
  return el("li", { className: "now" }, el("strong", {}, `${inject.from} to ${inject.to.join(", ")}, by ${inject.channel}: `), inject.text,
    el("br"), el("span", { className: "soft" }, `inject ${inject.inject}, `, when(inject.time)));
}

function doneLine(done) {
  return el("li", {}, el("strong", {}, person(done.by) + ": "), done.decision ? `${done.decision}: ${done.choice}, because ${done.reason}` : `to ${done.to}, by ${done.channel}: ${done.text}`,
    el("br"), el("span", { className: "soft" }, when(done.time)));
}

const rows = (items, make) => [...items].reverse().map((item) => ({ id: String(item.index), key: JSON.stringify(item), make: () => make(item) }));

export async function showExercise(marked) {
  $("exercise").hidden = !marked;
  if (!marked) return;
  const exercise = await get("/api/v1/exercise");
  $("exercise-state").textContent = exercise.state === "running" ? exercise.title : `${exercise.title}. It ${exercise.state === "ended" ? "has ended" : "was aborted"}.`;
  list($("injects"), rows(exercise.injects, injectLine), "No injects yet.");
  list($("exercise-done"), rows([...exercise.decisions, ...exercise.messages].sort((a, b) => a.index - b.index), doneLine), "Nothing decided or sent yet.");
}

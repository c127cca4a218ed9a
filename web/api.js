// Speaks to the server as the signed-in user. The session's secret is a cookie that no script reads; the tab keeps the
// user's name only, and the form value in memory.
export class ApiError extends Error {
  constructor(status, message) { super(message); this.status = status; }
}

const session = { user: sessionStorage.getItem("firebreak.user") || "", role: "", scripted: false, csrf: "" };
export const who = () => session;
// Whether a duty is mine at least so far: "propose", "second" or "do" (docs/formats/roles.md).
const CELLS = ["none", "view", "propose", "second", "do"];
export const can = (duty, least) => CELLS.indexOf((session.rights || {})[duty] || "none") >= CELLS.indexOf(least);

function headers(method) {
  const all = {};
  if (session.user) all["Firebreak-Session"] = session.user;
  if (method !== "GET") { all["Firebreak-CSRF"] = session.csrf; all["Content-Type"] = "application/json"; }
  return all;
}

async function call(method, path, body, code) {
  const all = headers(method);
  if (code) all["Firebreak-Code"] = code;
  const answer = await fetch(path, {
    method, headers: all, cache: "no-store", credentials: "same-origin",
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (answer.ok) return answer.json();
  let message = "the server answered " + answer.status;
  try {
    const problem = await answer.json();
    message = problem.detail || problem.title || message;
  } catch { /* the body was no problem document */ }
  throw new ApiError(answer.status, message);
}

export const get = (path) => call("GET", path);
export const post = (path, body) => call("POST", path, body);
export const command = (name, args, code) => call("POST", "/api/v1/commands/" + name, args, code);
// What an approval asks for beside the button, when its giver has one-time codes.
export const codeField = () => session.codes ? [{ name: "code", label: "Your one-time code" }] : [];

function remember(document) {
  Object.assign(session, document);
  sessionStorage.setItem("firebreak.user", document.user);
}

export async function signIn(how) { remember(await post("/api/v1/session", how)); }

// After a reload: true when this tab's session still stands.
export async function resume() {
  if (!session.user) return false;
  try {
    remember(await get("/api/v1/session"));
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) { forget(); return false; }
    throw error;
  }
}

export function forget() {
  sessionStorage.removeItem("firebreak.user");
  Object.assign(session, { user: "", role: "", csrf: "", codes: false, rights: {} });
}

export async function signOut() {
  try { await call("DELETE", "/api/v1/session", {}); } finally { forget(); }
}

// Server-sent events, read by hand so that the session's header can go with them. `onEntry(id)` for each journal entry.
export async function follow(lastId, signal, onOpen, onEntry) {
  const all = { ...headers("GET"), Accept: "text/event-stream" };
  if (lastId !== null) all["Last-Event-ID"] = lastId;
  const answer = await fetch("/api/v1/events", { headers: all, signal, cache: "no-store", credentials: "same-origin" });
  if (!answer.ok) throw new ApiError(answer.status, "events: " + answer.status);
  onOpen();
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) if (line.startsWith("id:")) onEntry(line.slice(3).trim());
  }
}

#include "run/drill/stage.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/digest.h"
#include "base/encoding.h"
#include "read/table/source.h"

namespace firebreak::drill {
namespace {

constexpr std::size_t kBatch = 500, kSyntheticRows = 2'000;
constexpr std::string_view kProbe = "drill-probe";  // whose requests probes are

// A port that nobody listens on now, below those that the system gives to outgoing connections (32,768 and above): one of
// these would often be taken before the server comes. Somebody else's server may still; then ours says so.
Result<std::uint16_t> free_port(Random& random) {
  constexpr unsigned kFirst = 28'000, kCount = 4'000;
  const Bytes dice = random.bytes(2);
  const unsigned start = static_cast<unsigned char>(dice[0]) * 256U + static_cast<unsigned char>(dice[1]);
  net::ServerOptions options;
  for (unsigned i = 0; i < kCount; ++i) {
    options.port = static_cast<std::uint16_t>(kFirst + (start + i) % kCount);
    if (net::HttpServer::start(options, [](net::Request, net::Responder) {})) return options.port;
  }
  return fail(Code::kUnavailable, fmt::format("no port from {} to {} is free", kFirst, kFirst + kCount - 1));
}

Json absolute(const Json& value, const std::string& base) {
  const auto one = [&](const Json& name) {
    const std::string text(name.as_string());
    return Json(text.starts_with('/') ? text : base + "/" + text);
  };
  if (value.is_array()) {
    JsonArray out;
    for (const Json& item : value.get_array()) out.push_back(one(item));
    return out;
  }
  JsonObject out;
  for (const auto& member : value.get_object()) out[member.key()] = one(member.value());
  return out;
}

}  // namespace

Result<void> Stage::set_up() {
  for (const RecordedStream& stream : drill_.streams) {
    if (stream.file.empty()) {
      recordings_.push_back(make_recording(stream));
      if (recordings_.back().played.empty()) return fail(Code::kInvalid, fmt::format("the stream of {} has nothing to play", stream.endpoint));
      continue;
    }
    FIREBREAK_ASSIGN(Recording recording, read_recording(files_, stream, file_of(stream.file)));
    recordings_.push_back(std::move(recording));
  }
  FIREBREAK_TRY(make_folder());
  FIREBREAK_TRY(seal());
  FIREBREAK_TRY(start_processes());
  FIREBREAK_TRY(let_in());
  FIREBREAK_TRY(prepare_endpoints());
  for (const Release& release : drill_.releases)
    if (release.after_us < 0) FIREBREAK_TRY(register_release(release, ""));
  return bring_history();
}

Result<void> Stage::check_folder() {
  if (!exists(files_, options_.dir)) return {};
  FIREBREAK_ASSIGN(const auto held, files_.list(options_.dir));
  if (held.empty()) return {};
  const bool drill = std::find(held.begin(), held.end(), kMarker) != held.end();
  return fail(Code::kConflict, drill ? fmt::format("{} holds a drill that was run: each run has a folder of its own", options_.dir)
                                     : fmt::format("{} is not empty and no drill's folder ('{}' is in it): a drill makes its own", options_.dir, held.front()));
}

Result<void> Stage::make_folder() {
  FIREBREAK_TRY(check_folder());
  FIREBREAK_TRY(files_.make_dir(options_.dir));
  FIREBREAK_TRY(write_plain(files_, path(std::string(kMarker)), fmt::format("firebreak-drill 1\n{}\n", drill_.name)));
  for (const char* name : {"data", "gateway", "tokens", "facilitator", "logs"}) FIREBREAK_TRY(files_.make_dir(path(name)));
  return {};
}

Result<void> Stage::seal() {
  const Json sealed = sealed_part(drill_, to_hex(random_.bytes(32)));
  FIREBREAK_TRY(write_atomic(files_, path("facilitator/sealed.json"), pretty_json(sealed)));
  JsonArray roles;
  for (const Role& role : drill_.roles) roles.push_back(JsonObject{{"role", role.role}, {"team", role.team}, {"may", role.may}, {"lead", role.lead}});
  const std::string digest = digest_of_seal(sealed);
  const std::vector<std::string> asks = decision_digests(drill_, digest);
  const JsonObject declaration{{"name", drill_.name}, {"title", drill_.title}, {"kind", drill_.tabletop ? "tabletop" : "live"}, {"truth_digest", digest}, {"roles", std::move(roles)},
                               {"asks", JsonArray(asks.begin(), asks.end())}};
  return write_atomic(files_, path("exercise.json"), pretty_json(JsonObject{{"declaration", declaration}, {"sealed", path("facilitator/sealed.json")}}));
}

Result<Json> Stage::sealed() const {
  FIREBREAK_ASSIGN(const std::string text, read_all(files_, path("facilitator/sealed.json")));
  auto sealed = parse_json(text);
  if (!sealed) return fail(std::move(sealed.error()).with(path("facilitator/sealed.json")));
  return sealed;
}

Result<std::string> Stage::token(const std::string& name) {
  std::string made = to_hex(random_.bytes(32));
  FIREBREAK_TRY(write_atomic(files_, path("tokens/" + name + ".token"), made + "\n"));
  return made;
}

Result<std::string> Stage::write_configuration(const std::string& control) {
  JsonObject config;
  for (const auto& member : drill_.configuration.as_object()) config[member.key()] = absolute(member.value(), options_.base);
  if (!control.empty()) config["gateways"] = JsonObject{{drill_.gateway, JsonObject{{"control", control}, {"token_file", path("tokens/control.token")}}}};
  const std::string name = path("firebreak.json");
  FIREBREAK_TRY(write_plain(files_, name, pretty_json(config)));
  return name;
}

Result<void> Stage::start_processes() {
  FIREBREAK_ASSIGN(const std::uint16_t port, free_port(random_));
  server_ = fmt::format("http://127.0.0.1:{}", port);
  std::string control;
  if (!drill_.streams.empty()) {
    FIREBREAK_ASSIGN(model_, RecordedModel::start(drill_, recordings_));
    pepper_ = to_hex(random_.bytes(32));
    FIREBREAK_TRY(write_atomic(files_, path("tokens/caller.pepper"), pepper_ + "\n"));
    FIREBREAK_TRY(token("gateway"));
    FIREBREAK_ASSIGN(const Json ready, children_.start({"gateway", "--name", drill_.gateway, "--data", path("gateway"), "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0",
                                                        "--control-token-file", path("tokens/control.token"), "--server", server_, "--server-token-file", path("tokens/gateway.token"),
                                                        "--pepper-file", path("tokens/caller.pepper"), "--clock", "fed"},
                                                       path("logs/gateway.err")));
    for (const auto& [key, place] : {std::pair("listen", &gateway_), std::pair("control", &control)}) {
      FIREBREAK_ASSIGN(const std::string address, get_string(ready, key));
      *place = "http://" + address;
    }
  }
  FIREBREAK_ASSIGN(const std::string config, write_configuration(control));
  FIREBREAK_TRY(children_.start({"serve", "--data", path("data"), "--config", config, "--listen", fmt::format("127.0.0.1:{}", port), "--clock", "fed", "--exercise", path("exercise.json")},
                                path("logs/server.err")));
  return write_plain(files_, path("drill.json"), pretty_json(JsonObject{{"name", drill_.name}, {"server", server_}}));
}

Result<void> Stage::let_in() {
  FIREBREAK_ASSIGN(std::string admin, read_all(files_, path("data/admin.token")));
  while (admin.ends_with('\n')) admin.pop_back();
  FIREBREAK_TRY(write_atomic(files_, path("tokens/facilitator.token"), admin + "\n"));
  admin_ = std::make_unique<HttpApi>(server_, admin, ended_);
  const auto add = [&](const std::string& user, const std::string& may, const std::string& secret, bool scripted) -> Result<void> {
    FIREBREAK_TRY(admin_->command("user.add", JsonObject{{"user", user}, {"role", may}, {"scripted", scripted}}));
    FIREBREAK_TRY(admin_->command("token.add", JsonObject{{"user", user}, {"token_hash", sha256(secret).hex()}}));
    return {};
  };
  for (const Role& role : drill_.roles) {
    FIREBREAK_ASSIGN(const std::string secret, token(role.role));
    FIREBREAK_TRY(add(role.role, role.may, secret, options_.scripted || role.played));
    people_[role.role] = std::make_unique<HttpApi>(server_, secret, ended_);
  }
  if (drill_.streams.empty()) return {};
  FIREBREAK_ASSIGN(std::string gateway, read_all(files_, path("tokens/gateway.token")));
  while (gateway.ends_with('\n')) gateway.pop_back();
  return add("gateway", "gateway", gateway, false);
}

Result<std::string> Stage::content_of(const Release& release, const std::string& name, std::uint64_t salt) {
  if (name == kSynthetic) {
    const auto stream = std::find_if(drill_.streams.begin(), drill_.streams.end(), [&](const RecordedStream& one) { return one.endpoint == release.endpoint; });
    if (salt == 0) return fmt::format("synthetic model {} {} of {}\n", release.model_name, release.model_version, release.endpoint);
    return synthetic_rows(stream->made, kSyntheticRows, salt);
  }
  FIREBREAK_ASSIGN(const std::unique_ptr<table::Source> source, table::Source::open(files_, file_of(name)));
  std::string text;
  for (bool more = true; more;) {
    FIREBREAK_ASSIGN(more, source->append_to(text));
  }
  return text;
}

// The callers' keys are made from the pepper: the same caller has the same key wherever it is asked for.
Result<void> Stage::prepare_endpoints() {
  Time first = drill_.start;
  for (const Recording& recording : recordings_)
    for (const auto* list : {&recording.history, &recording.played})
      if (!list->empty()) first = std::min(first, list->front().time);
  FIREBREAK_TRY(clock(first + -kMinute));
  for (std::size_t i = 0; i < recordings_.size(); ++i) {
    const std::string& name = drill_.streams[i].endpoint;
    auto endpoint = admin_->get("/api/v1/endpoints/" + name);
    if (!endpoint) return fail(std::move(endpoint.error()).with(fmt::format("the drill's configuration brings no endpoint '{}'", name)));
    JsonObject table;
    const auto let_in_caller = [&](const std::string& caller) {
      std::string& key = keys_[caller];
      if (key.empty()) key = hmac_sha256(pepper_, "key of " + caller).hex();
      table[hmac_sha256(pepper_, key).hex()] = caller;
    };
    for (const auto* list : {&recordings_[i].history, &recordings_[i].played})
      for (const Event& event : *list) {
        if (event.is_label) continue;
        let_in_caller(event.caller);
        sample_.try_emplace(name, event.features);
      }
    let_in_caller(std::string(kProbe));
    if (string_or(*endpoint, "mode") == "tap") {
      taps_.insert(name);
      continue;
    }
    endpoint->as_object()["callers"] = std::move(table);
    FIREBREAK_TRY(admin_->put("/api/v1/endpoints/" + name, *endpoint));
    const Json* const wire = find_pointer(*endpoint, "/wire/path");
    const Json* const batch = find_pointer(*endpoint, "/wire/batch_path");
    if (batch != nullptr && batch->is_string()) batch_paths_[name] = batch->get_string();
    paths_[name] = gateway_ + "/" + name + (wire != nullptr && wire->is_string() ? std::string(wire->get_string()) : "/score");
  }
  return {};
}

Result<void> Stage::register_release(const Release& release, const std::string& incident) {
  FIREBREAK_ASSIGN(std::string model, content_of(release, release.model, 0));
  FIREBREAK_ASSIGN(std::string dataset, content_of(release, release.dataset, 1));
  FIREBREAK_ASSIGN(std::string holdout, content_of(release, release.holdout, 2));
  const auto rows = std::count(dataset.begin(), dataset.end(), '\n') - 1;
  const JsonArray sources{JsonObject{{"name", release.source}, {"rows", rows}, {"digest", sha256(dataset).hex()}, {"origin", "the drill's document"}}};
  const std::string upstream = model_ ? fmt::format("{}/{}/{}", model_->url(), release.endpoint, release.release) : "http://127.0.0.1:9";
  if (model_) model_->add({release.endpoint, release.release, batch_paths_[release.endpoint], model, release.after_us < 0});
  JsonObject args{{"endpoint", release.endpoint}, {"release", release.release}, {"upstream", upstream}, {"training_cut", release.training_cut}, {"sources", sources}};
  if (!incident.empty()) args["incident"] = incident;
  FIREBREAK_ASSIGN(const std::string digest, admin_->upload(std::move(model)));
  if (release.after_us < 0) model_digests_.emplace(release.endpoint, digest);
  args["model"] = JsonObject{{"name", release.model_name}, {"version", release.model_version}, {"digest", digest}};
  FIREBREAK_ASSIGN(args["manifest"], admin_->upload(pretty_json(JsonObject{{"name", release.model_name}, {"version", release.model_version}, {"sources", sources}})));
  FIREBREAK_ASSIGN(args["dataset"], admin_->upload(std::move(dataset)));
  FIREBREAK_ASSIGN(args["holdout"], admin_->upload(std::move(holdout)));
  FIREBREAK_TRY(admin_->command("release.register", args));
  return {};
}

const Release* Stage::release_of(const std::string& endpoint) const {
  const auto at = std::find_if(drill_.releases.begin(), drill_.releases.end(), [&](const Release& one) { return one.endpoint == endpoint && one.after_us < 0; });
  return at == drill_.releases.end() ? nullptr : &*at;
}

// Another model than the registered one has another digest.
std::string Stage::line_of(const std::string& endpoint, const Release& release, const Event& event, const std::string& source) const {
  if (event.is_label) return canonical_json(JsonObject{{"type", "label"}, {"id", event.id}, {"time", format_time(event.time)}, {"label", event.label}}) + "\n";
  const std::string& version = event.model.empty() ? release.model_version : event.model;
  const std::string digest = event.model.empty() ? model_digests_.at(endpoint) : sha256(release.model_name + " " + event.model).hex();
  return fmt::format(R"({{"type":"inference","id":"{}","time":"{}","caller":"{}","source":"{}","endpoint":"{}","release":"{}","model":{{"name":"{}","version":"{}","digest":"{}"}},)"
                     R"("features":{},"output":{{"label":"{}","score":{}}},"disposition":"served"}})",
                     event.id, format_time(event.time), event.caller, source, endpoint, release.release, release.model_name, version, digest, event.features, event.label, event.score) +
         "\n";
}

Result<void> Stage::record(const std::string& endpoint, const std::vector<const Event*>& events, const std::string& source) {
  const Release* const release = release_of(endpoint);
  if (release == nullptr) return fail(Code::kInvalid, fmt::format("there is no release of '{}' in 'system/releases'", endpoint), "/system/releases");
  if (events.empty()) return {};
  std::string batch;
  for (const Event* event : events) batch += line_of(endpoint, *release, *event, source);
  FIREBREAK_TRY(admin_->records(endpoint, std::move(batch), source, ++batches_[endpoint + "\n" + source]));
  return {};
}

// What happened before the drill is recorded as it was, not asked again. The clock goes on with all streams together.
Result<void> Stage::bring_history() {
  std::vector<std::pair<Time, std::pair<std::size_t, std::size_t>>> pieces;  // the time of its last record -> stream, first record
  for (std::size_t i = 0; i < recordings_.size(); ++i)
    for (std::size_t at = 0; at < recordings_[i].history.size(); at += kBatch)
      pieces.emplace_back(recordings_[i].history[std::min(at + kBatch, recordings_[i].history.size()) - 1].time, std::pair(i, at));
  std::sort(pieces.begin(), pieces.end());
  for (const auto& [last, piece] : pieces) {
    const std::vector<Event>& events = recordings_[piece.first].history;
    std::vector<const Event*> batch;
    for (std::size_t at = piece.second; at < std::min(piece.second + kBatch, events.size()); ++at) batch.push_back(&events[at]);
    FIREBREAK_TRY(clock(last));
    FIREBREAK_TRY(record(drill_.streams[piece.first].endpoint, batch, "history"));
  }
  return clock(drill_.start);
}

Result<void> Stage::play(const std::string& endpoint, const std::vector<const Event*>& events) {
  if (taps_.contains(endpoint)) return record(endpoint, events, "tap");
  for (const Event* event : events) FIREBREAK_TRY(ask(endpoint, *event));
  return {};
}

Result<Stage::Probe> Stage::probe(const std::string& endpoint, const std::string& id) {
  net::Request request;
  request.method = "POST";
  request.headers = {{"content-type", "application/json"}, {"x-api-key", keys_[std::string(kProbe)]}};
  request.body = fmt::format(R"({{"id":"{}","features":{}}})", id, sample_[endpoint]);
  auto answer = callers_.send(request, paths_[endpoint], 10 * kSecond);
  if (!answer) return fail(std::move(answer.error()).with("the gateway does not answer a probe"));
  if (answer->status != 200) return fail(Code::kUnavailable, fmt::format("the gateway answered a probe with {}: {}", answer->status, answer->body.substr(0, 300)));
  return Probe{model_->was_asked(id), answer->body.substr(0, 300)};
}

Result<void> Stage::clock(Time to) {
  FIREBREAK_ASSIGN(const Json moved, admin_->post("/api/v1/clock", JsonObject{{"to", format_time(to)}}));
  keep_rate(moved);
  return {};
}

Result<void> Stage::ask(const std::string& endpoint, const Event& event) {
  if (ended_) return fail(Code::kUnavailable, "the drill is being ended");
  net::Request request;
  request.method = "POST";
  request.headers = {{"content-type", "application/json"}, {"x-api-key", keys_[event.caller]}};
  request.body = fmt::format(R"({{"id":"{}","features":{}}})", event.id, event.features);
  auto answer = callers_.send(request, paths_[endpoint], 10 * kSecond);
  if (!answer) return fail(std::move(answer.error()).with("the gateway does not answer"));
  if (answer->status == 401 || answer->status == 404 || answer->status >= 500)
    return fail(Code::kUnavailable, fmt::format("the gateway answered {} with {}: {}", event.id, answer->status, answer->body.substr(0, 300)));
  return {};  // refusals and rules are what the drill is about
}

Result<void> Stage::label(const std::string& endpoint, const std::vector<const Event*>& labels) {
  if (labels.empty()) return {};
  std::string batch;
  for (const Event* event : labels) batch += canonical_json(JsonObject{{"type", "label"}, {"id", event->id}, {"time", format_time(event->time)}, {"label", event->label}}) + "\n";
  FIREBREAK_TRY(admin_->records(endpoint, std::move(batch), "labels", ++batches_[endpoint + "\nlabels"]));
  return {};
}

void Stage::end() {
  children_.stop(60'000);
  ended_ = true;
}

}  // namespace firebreak::drill

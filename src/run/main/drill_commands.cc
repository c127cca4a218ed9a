#include "run/main/drill_commands.h"

#include <fmt/core.h>
#include <signal.h>
#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "base/clock.h"
#include "log/ledger/export.h"
#include "log/ledger/verify.h"
#include "read/evidence/blob_store.h"
#include "read/evidence/bundle_files.h"
#include "read/evidence/exported_log.h"
#include "run/app/content.h"
#include "run/drill/after_action.h"
#include "run/drill/director.h"
#include "run/drill/runs.h"
#include "run/drill/abort_watch.h"
#include "run/main/client.h"

namespace firebreak::cli {
namespace {

namespace fs = std::filesystem;

std::atomic<bool> interrupted{false};

// A file, or a name of content/drills beside the working folder, the source tree's program, or the installed one.
Result<std::string> file_of(const std::string& name) {
  std::error_code ignored;
  if (name.find('/') != std::string::npos || name.ends_with(".yaml") || name.ends_with(".json")) return name;
  const fs::path self = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  std::vector<fs::path> places{"content/drills"};
  fs::path up = self;
  for (int i = 0; i < 4; ++i, up = up.parent_path()) places.push_back(up / "content/drills");
  places.push_back(self.parent_path() / "share/firebreak/content/drills");
  for (const fs::path& place : places)
    if (fs::is_regular_file(place / (name + ".yaml"), ignored)) return (place / (name + ".yaml")).string();
  return fail(Code::kNotFound, fmt::format("there is no drill '{}' in content/drills; a file of your own is given by its name, as ./my-drill.yaml", name));
}

// Where a place stands in the file; of what is missing, where the thing stands that lacks it.
std::uint32_t line_of(const app::YamlDocument& document, std::string pointer) {
  for (;;) {
    const auto found = document.lines.find(pointer);
    if (found != document.lines.end()) return found->second;
    const std::size_t slash = pointer.rfind('/');
    if (slash == std::string::npos) return 0;
    pointer.resize(slash);
  }
}

struct TemporaryFolder {
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "firebreak-drill-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path.empty()) fs::remove_all(path, ignored);
  }
  std::string path;
};

void print(const Json& value) { std::fputs(pretty_json(value).c_str(), stdout); }

Result<void> write_after_action(const drill::Score& score, const std::string& dir) {
  PosixFiles files;
  FIREBREAK_TRY(files.make_dir(dir));
  FIREBREAK_ASSIGN(const Json report, drill::after_action(score, SystemClock().now()));
  FIREBREAK_TRY(write_plain(files, dir + "/after-action.json", pretty_json(report)));
  FIREBREAK_TRY(write_plain(files, dir + "/after-action.md", drill::after_action_markdown(report)));
  return write_plain(files, dir + "/after-action.html", drill::after_action_html(report));
}

std::string fresh_name(const std::string& drill) {
  std::error_code ignored;
  for (int i = 1;; ++i) {
    std::string name = fmt::format("drill-{}-{}", drill, i);
    if (!fs::exists(name, ignored)) return name;
  }
}

void invite(const drill::Drill& drill, const drill::Stage& stage, const std::string& dir) {
  fmt::print("EXERCISE {}: {}\nThe clock begins at {} and ends at {}. Each role has a token of its own:\n  export FIREBREAK_URL={}\n", drill.name, drill.title, format_time(drill.start),
             format_time(drill.end), stage.server());
  for (const drill::Role& role : drill.roles)
    if (!role.played) fmt::print("  {:<16} {:<20} export FIREBREAK_TOKEN=$(cat {}/tokens/{}.token)\n", role.role, role.team, dir, role.role);
  fmt::print("Players read their injects with 'firebreak drill injects', decide with 'firebreak drill decide', write with 'firebreak drill tell'.\n"
             "The facilitator: {0}/tokens/facilitator.token, 'firebreak drill script', 'firebreak clock rate 0' holds the clock, 'firebreak drill abort {0}' ends it at once.\n\n",
             dir);
  std::fflush(stdout);
}

}  // namespace

Result<drill::Drill> load_drill(const std::string& name, std::string& base) {
  PosixFiles files;
  FIREBREAK_ASSIGN(const std::string file, file_of(name));
  FIREBREAK_ASSIGN(const std::string text, read_all(files, file));
  const std::vector<app::YamlDocument> documents = app::yaml_documents(text);
  if (documents.size() != 1) return fail(Code::kInvalid, fmt::format("{}: a drill is one document, not {}", file, documents.size()));
  if (!documents[0].error.empty()) return fail(Error{Code::kInvalid, file + ": " + documents[0].error, "", documents[0].error_line});
  auto drill = drill::parse_drill(documents[0].value);
  if (!drill) {
    Error error = std::move(drill.error()).with(file);
    error.line = line_of(documents[0], error.pointer);
    return fail(std::move(error));
  }
  base = fs::absolute(fs::path(file)).parent_path().string();
  return drill;
}

Result<drill::Score> score_of(const std::string& dir) {
  PosixFiles files;
  const std::string data = exists(files, dir + "/" + std::string(drill::kMarker)) ? dir + "/data" : dir;
  const TemporaryFolder folder;
  if (auto exported = ledger::export_tiles(files, ledger::log_dir_of(data, "journal"), folder.path + "/journal"); !exported) return fail(std::move(exported.error()).with(data));
  FIREBREAK_ASSIGN(const evidence::ExportedLog log, evidence::ExportedLog::read(files, folder.path + "/journal"));
  FIREBREAK_ASSIGN(const std::vector<Entry> journal, evidence::parse_journal(log.entries));
  FIREBREAK_ASSIGN(const evidence::BlobStore blobs, evidence::BlobStore::open(files, data + "/blobs"));
  return drill::score(journal, [&](const std::string& hex) {
    const auto digest = Digest::from_hex(hex);
    if (!digest) return false;
    const auto content = blobs.get(*digest);
    return content && sha256(*content) == *digest;
  });
}

int check_drill(const DrillWords& words, bool json) {
  std::string base;
  const auto drill = load_drill(words.name, base);
  if (!drill) return report_error(drill.error(), json);
  const JsonObject said{{"name", drill->name}, {"title", drill->title}, {"kind", drill->tabletop ? "tabletop" : "live"}, {"roles", drill->roles.size()},
                        {"injects", drill->injects.size()}, {"streams", drill->streams.size()}, {"decisions", drill->truth.decisions.size()}};
  if (json) print(said);
  else fmt::print("{}: {} ({}); {} roles, {} injects, {} streams, {} expected decisions\n", drill->name, drill->title, drill->tabletop ? "table-top" : "live", drill->roles.size(), drill->injects.size(), drill->streams.size(), drill->truth.decisions.size());
  return kDone;
}

int run_drill(const DrillWords& words, bool json) {
  std::string base;
  const auto drill = load_drill(words.name, base);
  if (!drill) return report_error(drill.error(), json);
  if (!(words.speed > 0 && words.speed <= 100'000)) return report_error({Code::kInvalid, "--speed is 0.1 to 100000 clock seconds a second", "", 0}, json);
  const std::string dir = fs::absolute(words.dir.empty() ? fresh_name(drill->name) : words.dir).lexically_normal().string();
  PosixFiles files;
  SystemRandom random;
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = true; };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  drill::Stage stage(files, random, *drill, {dir, base, fs::read_symlink("/proc/self/exe").string(), words.scripted});
  const auto play = [&]() -> Result<void> {
    FIREBREAK_TRY(stage.check_folder());  // what lies in it already is nobody's wish to end this
    const drill::AbortWatch watch(files, dir + "/" + std::string(drill::kAbortFile), &interrupted, [&stage] { stage.abort(); });
    FIREBREAK_TRY(stage.set_up());
    if (!json) invite(*drill, stage, dir);
    drill::Direction direction;
    direction.scripted = words.scripted;
    direction.speed = words.speed;
    direction.seed = words.seed;
    if (!json) direction.tell = [](const std::string& line) {
      fmt::print("{}\n", line);
      std::fflush(stdout);
    };
    return drill::Director(*drill, stage, std::move(direction)).run();
  };
  const auto played = play();
  const bool aborted = stage.ended();
  stage.end();
  if (!played) return report_error(aborted ? Error{Code::kConflict, "the drill was aborted", "", 0} : played.error(), json);
  const auto scored = score_of(dir);
  if (!scored) return report_error(scored.error(), json);
  if (auto ok = write_plain(files, dir + "/score.json", pretty_json(drill::to_json(*scored))); !ok) return report_error(ok.error(), json);
  if (auto ok = write_after_action(*scored, dir); !ok) return report_error(ok.error(), json);
  if (json) print(drill::to_json(*scored));
  else fmt::print("\n{}\nafter-action report: {}/after-action.html (.md, .json)\nlook at it again: firebreak serve --data {}/data --clock fed\n", drill::to_text(*scored), dir, dir);
  return kDone;
}

int score_drill(const DrillWords& words, bool json) {
  std::vector<drill::Score> runs;
  for (const std::string& dir : words.dirs) {
    auto scored = score_of(dir);
    if (!scored) return report_error(std::move(scored.error()).with(dir), json);
    runs.push_back(std::move(*scored));
  }
  if (runs.size() == 1) {
    if (json) print(drill::to_json(runs.front()));
    else std::fputs(drill::to_text(runs.front()).c_str(), stdout);
    return kDone;
  }
  const auto compared = drill::compare_runs(runs);
  if (!compared) return report_error(compared.error(), json);
  if (json) print(*compared);
  else std::fputs(drill::runs_text(*compared).c_str(), stdout);
  return kDone;
}

int report_drill(const DrillWords& words, bool json) {
  const auto scored = score_of(words.dir);
  if (!scored) return report_error(scored.error(), json);
  const std::string out = words.out.empty() ? words.dir : words.out;
  if (auto ok = write_after_action(*scored, out); !ok) return report_error(ok.error(), json);
  if (json) print(JsonObject{{"exercise", "EXERCISE " + scored->name}, {"out", out}});
  else fmt::print("EXERCISE {}\n{}/after-action.html\n{}/after-action.md\n{}/after-action.json\n", scored->name, out, out, out);
  return kDone;
}

// First the journal is told, for two seconds at most; then whoever runs the drill sees the file and ends everything.
int abort_drill(const DrillWords& words, bool json) {
  using Wall = std::chrono::steady_clock;
  PosixFiles files;
  const auto began = Wall::now();
  if (!exists(files, words.dir + "/" + std::string(drill::kMarker))) return report_error({Code::kNotFound, fmt::format("{} is no drill's folder", words.dir), "", 0}, json);
  bool told = false;
  std::string server;
  if (const auto text = read_all(files, words.dir + "/drill.json")) {
    const auto place = parse_json(*text);
    server = place ? string_or(*place, "server") : "";
  }
  const auto token = read_all(files, words.dir + "/tokens/facilitator.token");
  net::HttpClient http;
  if (token) http.set_token(token->substr(0, token->find('\n')));
  if (!server.empty() && token) {
    const auto answer = http.post(server + "/api/v1/commands/exercise.abort", canonical_json(JsonObject{{"reason", words.reason.empty() ? "aborted by the facilitator" : words.reason}}), "application/json", 2 * kSecond);
    told = answer && answer->status == 200;
  }
  if (auto ok = write_plain(files, words.dir + "/" + std::string(drill::kAbortFile), "aborted\n"); !ok) return report_error(ok.error(), json);
  bool gone = server.empty();
  while (!gone && Wall::now() - began < std::chrono::milliseconds(4'900)) {
    const auto alive = http.get(server + "/healthz", kSecond / 2);
    gone = !alive && alive.error().code == Code::kUnavailable;
    if (!gone) std::this_thread::sleep_for(std::chrono::milliseconds(50));  // between two looks at a server that is ending
  }
  const double seconds = std::chrono::duration<double>(Wall::now() - began).count();
  if (!gone) return report_error({Code::kTimeout, fmt::format("the drill's server at {} still answers after {:.1f} s: is 'drill run' still there? End its process", server, seconds), "", 0}, json);
  if (json) print(JsonObject{{"aborted", true}, {"in_journal", told}, {"seconds", seconds}});
  else fmt::print("the drill is over after {:.1f} s{}\n", seconds, told ? "; its journal says why" : "; its server did not take the entry any more");
  return kDone;
}

}  // namespace firebreak::cli

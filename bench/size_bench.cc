// A server whose installation is old: 50,000 incidents, 1.1 M rows of timeline (100,000 of them one incident's), 5 M findings, 800,000 texts
// that people typed. The past is written into a real data folder (journal, texts), then the real program is started on it:
//   first start   no snapshot: all folds take the whole journal; then the views take it, while the server answers
//   next start    from snapshot and tail, until the first list is answered
//   questions     over HTTP with a person's rights: lists, filters, words, an incident whole, a timeline of 100,000 rows
// Prints JSON. Arguments: [folder, default ./size_bench; a past that is there is used again] [incidents, default 50000]. About 25 GB at full size.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "../test/support/process.h"
#include "base/encoding.h"
#include "base/files.h"
#include "log/ledger/log.h"
#include "log/ledger/verify.h"
#include "read/views/past_for_bench.h"
#include "types/free_text.h"
#include "world/net/http_client.h"

namespace firebreak {
namespace {

using Steady = std::chrono::steady_clock;
using bench::kEndpoints;

constexpr int kLongRows = 100'000;
constexpr std::size_t kGroup = 1'000;

template <class T>
T must(Result<T> result) {
  if (!result) {
    fmt::print(stderr, "size_bench: {}\n", result.error().message);
    std::exit(1);
  }
  return std::move(*result);
}

double since(Steady::time_point began) { return std::chrono::duration<double>(Steady::now() - began).count(); }

std::string program() { return (std::filesystem::canonical("/proc/self/exe").parent_path().parent_path() / "firebreak").string(); }

struct Server {
  Server(const std::string& folder, int port)
      : url(fmt::format("http://127.0.0.1:{}", port)),
        process({program(), "serve", "--data", folder, "--listen", fmt::format("127.0.0.1:{}", port), "--clock", "fed"}, folder + ".err") {
    if (!process.ready(3'600)) {
      fmt::print(stderr, "size_bench: the server does not start; {}.err\n", folder);
      std::exit(1);
    }
    std::string token;
    std::getline(std::ifstream(folder + "/admin.token"), token);
    http.set_token(token);
  }

  Json get(const std::string& path) {
    const auto answer = must(http.get(url + path, 600'000'000));
    if (answer.status != 200) {
      fmt::print(stderr, "size_bench: {}: {}\n", path, answer.body);
      std::exit(1);
    }
    return must(parse_json(answer.body));
  }
  std::uint64_t shown() { return static_cast<std::uint64_t>(int_or(get("/api/v1/incidents?limit=1"), "index")); }

  std::string url;
  testing::Process process;
  net::HttpClient http;
};

// The journal's octets and the texts, as the server itself would have them.
class Writer {
 public:
  explicit Writer(const std::string& folder) : folder_(folder) {
    ledger::Options options;
    options.key = must(ledger::SigningKey::load_or_create(files_, ledger::key_path_of(folder, "journal"), "firebreak/journal", random_));
    log_ = must(ledger::Log::open(files_, clock_, ledger::log_dir_of(folder, "journal"), std::move(options)));
    for (int i = 0; i < 256; ++i) std::filesystem::create_directories(fmt::format("{}/texts/{:02x}", folder, i));
  }

  std::uint64_t size() const { return log_->size(); }
  Time newest() const { return must(parse_entry(size() - 1, must(log_->entry(size() - 1)))).time; }

  std::string text(const std::string& text) {
    const std::string content = to_hex(random_.bytes(16)) + "\n" + text;
    const Digest digest = sha256(content);
    std::ofstream(fmt::format("{}/texts/{}/{}", folder_, digest.hex().substr(0, 2), digest.hex())) << content;
    return text_reference(digest);
  }

  void add(const std::vector<Entry>& entries) {
    for (std::size_t at = 0; at < entries.size(); at += kGroup) {
      ledger::Batch batch;
      for (std::size_t i = at; i < std::min(entries.size(), at + kGroup); ++i) batch.add(entry_bytes(entries[i]));
      must(log_->append_wait(std::move(batch)));
    }
  }

 private:
  const std::string folder_;
  PosixFiles files_;
  SystemClock clock_;
  SystemRandom random_;
  std::unique_ptr<ledger::Log> log_;
};

// The long incident's id.
std::string write_past(const std::string& folder, std::uint64_t incidents) {
  Writer writer(folder);
  const std::uint64_t first = writer.size();
  const Time start = std::max(writer.newest(), must(parse_time("2024-01-01T00:00:00Z")));
  bench::Past past(incidents, first, start);
  past.note = [&](std::string text) { return writer.text(text); };
  past.write(10'000, [&](const std::vector<Entry>& entries) { writer.add(entries); });
  std::vector<Entry> entries;
  const auto add = [&](std::string_view kind, JsonObject body) {
    Entry entry;
    entry.index = first + past.written + entries.size();
    entry.kind = kind;
    entry.time = start + static_cast<std::int64_t>(past.written + entries.size()) * kSecond;
    entry.actor = "user:ana";
    entry.body = std::move(body);
    entries.push_back(std::move(entry));
  };
  add("incident_opened", {{"endpoint", "long"}, {"stream", "long"}, {"title", "The long one"}, {"severity", "SEV-3"}, {"rule", "declared"}, {"findings", JsonArray{}}});
  const std::string incident = entries.back().id("inc");
  for (int i = 0; i < kLongRows; ++i)
    add("casefile_row", {{"incident", incident}, {"type", i % 2 == 0 ? "fact" : "opinion"}, {"text", writer.text(fmt::format("row {}: caller {} asked again in region-{}", i, i % 977, i % 53))}, {"by", "user:ana"},
                         {"occurred", format_time(start + static_cast<std::int64_t>(i) * kSecond)}});
  writer.add(entries);
  std::ofstream(folder + ".long") << incident << "\n";
  return incident;
}

template <class Path>
void ask(Server& server, JsonObject& told, const std::string& name, int times, Path path) {
  std::vector<double> took;
  std::size_t octets = 0;
  for (int i = 0; i < times; ++i) {
    const std::string url = server.url + path();
    const auto began = Steady::now();
    const auto answer = must(server.http.get(url, 600'000'000));
    took.push_back(since(began) * 1'000);
    octets += answer.body.size();
    if (answer.status == 200) continue;
    fmt::print(stderr, "size_bench: {}: {}\n", url, answer.body);
    std::exit(1);
  }
  std::sort(took.begin(), took.end());
  told[name] = JsonObject{{"p50_ms", took[took.size() / 2]}, {"p95_ms", took[(took.size() * 95 + 99) / 100 - 1]}, {"octets", octets / static_cast<std::size_t>(times)}};
}

void questions(Server& server, JsonObject& told, const std::string& long_incident, std::uint64_t incidents) {
  std::mt19937_64 dice(7);
  const std::uint64_t end = server.shown();
  std::vector<std::string> ids;
  for (int i = 0; i < 40; ++i) {
    const Json page = server.get(fmt::format("/api/v1/incidents?limit=50&cursor={}", 1 + dice() % end));
    for (const Json& one : page.at("items").as_array()) ids.push_back(string_or(one, "id"));
  }
  const auto any = [&] { return fmt::format("endpoint-{}", dice() % std::min<std::uint64_t>(kEndpoints, incidents)); };
  const auto moment = [&] { return format_time(must(parse_time("2024-01-01T00:00:00Z")) + static_cast<std::int64_t>(dice() % kLongRows) * kSecond); };
  const std::string timeline = "/api/v1/incidents/" + long_incident + "/timeline";
  ask(server, told, "incidents, any page", 400, [&] { return fmt::format("/api/v1/incidents?limit=50&cursor={}", 1 + dice() % end); });
  ask(server, told, "open incidents", 400, [&] { return std::string("/api/v1/incidents?limit=50&state=open"); });
  ask(server, told, "closed incidents of an endpoint", 400, [&] { return "/api/v1/incidents?limit=50&state=closed&endpoint=" + any(); });
  ask(server, told, "findings of an endpoint", 400, [&] { return "/api/v1/findings?limit=50&state=closed&endpoint=" + any(); });
  ask(server, told, "an incident whole", 400, [&] { return "/api/v1/incidents/" + ids[dice() % ids.size()]; });
  ask(server, told, "the status", 100, [&] { return std::string("/api/v1/status"); });
  ask(server, told, "the long timeline, since a moment, facts", 100, [&] { return timeline + "?type=fact&limit=500&from=" + moment(); });
  ask(server, told, "the long timeline, two words", 100, [&] { return fmt::format("{}?limit=500&q=caller+{}", timeline, dice() % 977); });
  ask(server, told, "words in everything, rare", 400, [&] { return fmt::format("/api/v1/search?limit=50&q=caller+{}", dice() % (31 * incidents)); });
  ask(server, told, "words in everything, in every note", 400, [&] { return std::string("/api/v1/search?limit=50&q=found+nothing"); });
  ask(server, told, "words in everything, begun", 400, [&] { return fmt::format("/api/v1/search?limit=50&q=region-{}*", dice() % 53); });
}

// All folds take the whole journal, then the views do.
void first_start(const std::string& data, int port, std::uint64_t last, JsonObject& told) {
  const auto started = Steady::now();
  Server server(data, port);
  told["first_start_s"] = since(started);
  const auto ready = Steady::now();
  std::uint64_t shown = 0;
  for (std::uint64_t now = server.shown(); now != shown || now < last + kLongRows; now = server.shown()) {
    shown = now;
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  told["entries"] = shown;
  told["views_s"] = since(ready);
  server.process.end(SIGTERM);
}

int run(const std::string& folder, std::uint64_t incidents) {
  const std::string data = folder + "/data";
  std::filesystem::create_directories(folder);
  JsonObject told{{"incidents", incidents}};
  const testing::Port port;
  std::string long_incident;
  if (std::ifstream known(data + ".long"); !std::getline(known, long_incident)) {
    { Server(data, port).process.end(SIGTERM); }
    const auto began = Steady::now();
    long_incident = write_past(data, incidents);
    told["written_s"] = since(began);
    std::filesystem::remove_all(data + "/snapshots");
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(data + "/views.sqlite" + end);
  }
  if (!std::filesystem::exists(data + "/views.sqlite")) first_start(data, port, index_of(long_incident), told);
  const auto started = Steady::now();
  Server server(data, port);
  told["start_until_ready_s"] = since(started);
  (void)server.get("/api/v1/incidents?limit=50");
  told["start_until_first_list_s"] = since(started);
  while (int_or(server.get("/api/v1/search?limit=1&q=caller"), "behind") != 0) std::this_thread::sleep_for(std::chrono::seconds(1));
  told["words_ready_s"] = since(started);
  questions(server, told, long_incident, incidents);
  server.process.end(SIGTERM);
  fmt::print("{}", pretty_json(Json(std::move(told))));
  return 0;
}

}  // namespace
}  // namespace firebreak

int main(int count, char** arguments) { return firebreak::run(count > 1 ? arguments[1] : "size_bench", count > 2 ? std::stoull(arguments[2]) : 50'000); }

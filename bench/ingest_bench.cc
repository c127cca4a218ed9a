// Ingest over HTTP: batches of 500 inferences with 23 features, from client threads on the same machine, into a whole
// server: as lines and as binary rows into streams that nobody reads, and as lines into one with all detectors on, of which no two
// inferences are alike (a copy is told from its digest and looked at no further) and a fifth gets its label a batch later.
//
// Prints JSON: inferences/s, p50 and p99 of the acknowledgement (receipt = durable), how long the detectors needed
// after the last receipt, and inferences/s recorded and judged.
// Arguments: [batches per client, default 100] [clients, default 2] [detectors, default content/detectors/fraud-api.yaml].
#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <random>
#include <sstream>
#include <thread>

#include "base/files.h"
#include "fraud/data/fraud_data.h"
#include "fraud/model_server/ensemble.h"
#include "log/record/rows.h"
#include "log/record/streams.h"
#include "recorded.h"
#include "run/app/app.h"
#include "run/app/content.h"
#include "world/net/http_client.h"
#include "world/net/http_server.h"

namespace firebreak {
namespace {

using Steady = std::chrono::steady_clock;

template <class T>
T must(Result<T> result) {
  if (!result) {
    fmt::print(stderr, "ingest_bench: {}\n", result.error().message);
    std::exit(1);
  }
  return std::move(*result);
}

std::string source(const std::string& path) { return std::string(FIREBREAK_SOURCE_DIR) + "/" + path; }

// Only ids differ between rounds.
std::vector<std::string> make_lines() {
  std::vector<std::string> lines;
  bench::recorded([&](JsonObject record) {
    record.erase("id");
    lines.push_back(canonical_json(record).substr(1));  // without the brace: the id goes first
    return lines.size() < 20'000;
  });
  return lines;
}

// The story's numbers put together anew, feature by feature; fifty a second.
std::vector<std::string> make_distinct(std::size_t count) {
  std::vector<JsonObject> records;
  bench::recorded([&](JsonObject record) {
    record.erase("id");
    records.push_back(std::move(record));
    return records.size() < 20'000;
  });
  const std::vector<std::string> numeric = fraud::schema().numeric;
  const Time start = must(parse_time(string_or(Json(records.front()), "time")));
  std::mt19937_64 random(1);
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < count; ++i) {
    JsonObject record = records[i % records.size()];
    JsonObject features = record["features"].as_object();
    for (const std::string& name : numeric) features[name] = *find(records[random() % records.size()].at("features"), name);
    record["features"] = std::move(features);
    record["time"] = format_time(start + static_cast<std::int64_t>(i) * (kSecond / 50));
    lines.push_back(canonical_json(record).substr(1));
  }
  return lines;
}

struct Outcome {
  double seconds = 0;
  std::vector<double> ack_ms;
};

constexpr std::size_t kBatch = 500;
using MakeBody = std::function<std::string(int client, std::size_t at)>;  // kBatch records from `at` on

Outcome load(const std::string& url, const std::string& token, const std::string& stream, const std::string& type,
             const MakeBody& body, int batches, int clients) {
  std::vector<Outcome> outcomes(static_cast<std::size_t>(clients));
  const auto start = Steady::now();
  std::vector<std::thread> threads;
  for (int client = 0; client < clients; ++client) {
    threads.emplace_back([&, client] {
      net::HttpClient http;
      http.set_token(token);
      for (int batch = 0; batch < batches; ++batch) {
        const std::size_t at = static_cast<std::size_t>(client) * 997 + static_cast<std::size_t>(batch) * kBatch;
        std::string content = body(client, at);
        const auto sent = Steady::now();
        const auto answer = must(http.post(url + "/api/v1/streams/" + stream + "/records", std::move(content), type));
        if (answer.status != 200) {
          fmt::print(stderr, "ingest_bench: {}\n", answer.body);
          std::exit(1);
        }
        outcomes[static_cast<std::size_t>(client)].ack_ms.push_back(
            std::chrono::duration<double, std::milli>(Steady::now() - sent).count());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Outcome all;
  all.seconds = std::chrono::duration<double>(Steady::now() - start).count();
  for (Outcome& outcome : outcomes) all.ack_ms.insert(all.ack_ms.end(), outcome.ack_ms.begin(), outcome.ack_ms.end());
  std::sort(all.ack_ms.begin(), all.ack_ms.end());
  return all;
}

std::string id_of(int client, std::size_t at) { return fmt::format("c{:02}-{:08}", client, at % 100'000'000); }

std::string_view time_of(std::string_view line) {
  constexpr std::string_view kKey = "\"time\":\"";
  const std::size_t at = line.find(kKey) + kKey.size();
  return line.substr(at, line.find('"', at) - at);
}

std::string lines_body(const std::vector<std::string>& lines, int client, std::size_t at) {
  std::string body;
  body.reserve(kBatch * 700);
  for (std::size_t i = 0; i < kBatch; ++i, ++at) {
    body += "{\"id\":\"";
    body += id_of(client, at);
    body += "\",";
    body += lines[at % lines.size()];
    body += '\n';
  }
  return body;
}

// Clients take turns, so that time goes on in all of them alike; behind the inferences the truth about every fifth of the batch before.
std::string distinct_body(const std::vector<std::string>& lines, int client, int clients, std::size_t at) {
  const std::size_t batch = at / kBatch;
  const std::size_t first = (batch * static_cast<std::size_t>(clients) + static_cast<std::size_t>(client)) * kBatch;
  std::string body;
  body.reserve(kBatch * 800);
  for (std::size_t i = 0; i < kBatch; ++i) body += "{\"id\":\"" + id_of(client, at + i) + "\"," + lines[first + i] + "\n";
  for (std::size_t i = 0; batch > 0 && i < kBatch; i += 5)
    body += fmt::format("{{\"type\":\"label\",\"id\":\"{}\",\"time\":\"{}\",\"label\":\"{}\"}}\n", id_of(client, at - kBatch + i),
                        time_of(lines[first]), i % 25 == 0 ? 1 : 0);
  return body;
}

// The rows that the same lines become in a stream whose first batch they are.
struct Rows {
  std::vector<Bytes> rows;
  std::vector<std::size_t> id_at;  // octet of the id's text in each
  std::string first_batch;         // lines that open the schema
  record::Release release;
};

Rows make_rows(const std::filesystem::path& dir, const std::vector<std::string>& lines) {
  Rows out;
  PosixFiles files;
  SystemClock clock;
  SystemRandom random;
  const auto streams = must(record::Streams::open(files, clock, random, (dir / "rows").string()));
  record::Stream& stream = *must(streams->create({.name = "rows"}));
  out.first_batch = lines_body(lines, 0, 0);
  for (std::size_t at = 0; at < lines.size(); at += kBatch) {
    std::promise<Result<record::Receipt>> answer;
    stream.admit(lines_body(lines, 0, at), {}, [&](Result<record::Receipt> receipt) { answer.set_value(std::move(receipt)); });
    must(answer.get_future().get());
  }
  std::uint64_t next = 0;
  while (next < stream.size())
    next = must(stream.read_from(next, 2'000, [&](const record::Record& one) {
      if (one.kind != record::Kind::kInference) return;
      out.release = *one.release;
      out.rows.push_back(one.row);
      out.id_at.push_back(one.row.find(id_of(0, out.id_at.size())));
    }));
  return out;
}

std::string rows_body(const Rows& rows, int client, std::size_t at) {
  record::RowsWriter writer({rows.release});
  Bytes row;
  for (std::size_t i = 0; i < kBatch; ++i, ++at) {
    const std::size_t k = at % rows.rows.size();
    row = rows.rows[k];
    const std::string id = id_of(client, at);
    row.replace(rows.id_at[k], id.size(), id);
    writer.add(row, 1);
  }
  return writer.take();
}

JsonObject to_json(const Outcome& outcome, int batches, int clients) {
  const double count = 500.0 * batches * clients;
  return {{"inferences", count},
          {"inferences_per_s", count / outcome.seconds},
          {"ack_p50_ms", outcome.ack_ms[outcome.ack_ms.size() / 2]},
          {"ack_p99_ms", outcome.ack_ms[outcome.ack_ms.size() * 99 / 100]}};
}

double metric(const std::string& url, const std::string& name) {
  net::HttpClient http;
  const std::string text = must(http.get(url + "/metrics")).body;
  const std::size_t at = text.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
}

// The story's release 1.0.0, for the holdout that the detectors' baseline is measured on.
std::unique_ptr<net::HttpServer> serve_model(const example::Ensemble& model) {
  return must(net::HttpServer::start({}, [&model](net::Request request, net::Responder responder) {
    const Json body = must(parse_json(request.body));
    JsonArray answers;
    for (const Json& features : body.at("rows").as_array()) {
      std::vector<double> numbers;
      std::vector<std::string> words;
      for (const std::string& name : model.numeric()) numbers.push_back(number_or(features, name));
      for (const std::string& name : model.categorical()) words.push_back(string_or(features, name));
      const example::Scored scored = model.score(numbers, {words.begin(), words.end()});
      answers.push_back(JsonObject{{"label", scored.label}, {"score", scored.score}});
    }
    responder(net::json_response(JsonObject{{"answers", answers}}));
  }));
}

std::string upload(net::HttpClient& http, const std::string& url, std::string content) {
  return string_or(must(net::json_of(http.post(url + "/api/v1/blobs", std::move(content), "application/octet-stream"))),
                   "digest");
}

void command(net::HttpClient& http, const std::string& url, const std::string& name, const Json& args) {
  must(net::json_of(http.post(url + "/api/v1/commands/" + name, canonical_json(args))));
}

// Endpoint, stream and release 1.0.0 of the story.
void register_story(net::HttpClient& http, const std::string& url, const std::string& upstream,
                    const std::string& model_text) {
  PosixFiles files;
  Json endpoint = must(app::load_document(files, source("content/endpoints/fraud-api.yaml")));
  must(net::json_of(http.put(url + "/api/v1/endpoints/fraud-api", canonical_json(endpoint))));
  const std::string train = fraud::read_zst(source("examples/fraud/data/credit_train.csv.zst"));
  const std::string test = fraud::read_zst(source("examples/fraud/data/credit_test.csv.zst"));
  JsonObject args{{"endpoint", "fraud-api"}, {"release", "1.0.0"}, {"upstream", upstream},
                  {"training_cut", "2026-03-01T00:00:00Z"}};
  args["model"] = JsonObject{{"name", "fraud-scorer"}, {"version", "1.0.0"}, {"digest", upload(http, url, model_text)}};
  args["manifest"] = upload(http, url, "{}");
  args["dataset"] = upload(http, url, train);
  args["holdout"] = upload(http, url, test);
  args["sources"] = JsonArray{JsonObject{{"name", "credit_train"}, {"rows", 6000}, {"digest", sha256(train).hex()}, {"origin", "example"}}};
  command(http, url, "release.register", args);
}

int run(int batches, int clients, const std::string& detectors) {
  const std::filesystem::path dir = std::filesystem::temp_directory_path() / fmt::format("firebreak-ingest-{}", ::getpid());
  std::filesystem::create_directories(dir);
  PosixFiles files;
  must(write_plain(files, (dir / "config.yaml").string(), fmt::format("detectors: {{fraud-api: {}}}\n", detectors))
           .map([] { return 0; }));
  app::ServeOptions options;
  options.data_dir = (dir / "data").string();
  options.config = (dir / "config.yaml").string();
  options.port = 0;
  auto app = must(app::App::start(options));
  const std::string url = app->url();
  std::string token = must(read_all(files, options.data_dir + "/admin.token"));
  token.pop_back();
  net::HttpClient http;
  http.set_token(token);
  command(http, url, "user.add", JsonObject{{"user", "bench"}, {"role", "analyst"}});
  command(http, url, "token.add", JsonObject{{"user", "bench"}, {"token_hash", sha256("bench-token-bench").hex()}});

  const std::vector<std::string> lines = make_lines();
  must(net::json_of(http.put(url + "/api/v1/streams/plain", R"({"kinds":["inference","label"]})")));
  const auto by_lines = [&](int client, std::size_t at) { return lines_body(lines, client, at); };
  const std::string kLines = "application/x-ndjson";
  const Outcome plain = load(url, token, "plain", kLines, by_lines, batches, clients);

  must(net::json_of(http.put(url + "/api/v1/streams/binary", R"({"kinds":["inference","label"]})")));
  const Rows rows = make_rows(dir, lines);
  must(net::json_of(http.post(url + "/api/v1/streams/binary/records", rows.first_batch, kLines)));
  const Outcome binary = load(url, token, "binary", std::string(record::kRowsType),
                              [&](int client, std::size_t at) { return rows_body(rows, client, at); }, batches, clients);

  const std::string model_text = fraud::read_text(source("examples/fraud/data/credit_releases/model_1.0.0.json"));
  const example::Ensemble model = must(example::Ensemble::parse(model_text));
  const auto model_server = serve_model(model);
  net::HttpClient analyst;
  analyst.set_token("bench-token-bench");
  {
    net::HttpClient& admin = http;
    register_story(admin, url, model_server->url(), model_text);
  }
  while (metric(url, "firebreak_detector_state_bytes") <= 0) {
    // The feed starts when the reference profile is built; one record makes its state visible.
    must(net::json_of(http.post(url + "/api/v1/streams/fraud-api/records", "{\"id\":\"first\"," + lines[0] + "\n",
                                "application/x-ndjson")));
    std::this_thread::yield();
  }
  const int watched_batches = std::min(batches, 100);
  const std::vector<std::string> distinct = make_distinct(kBatch * static_cast<std::size_t>(watched_batches * clients));
  const auto by_distinct = [&](int client, std::size_t at) {
    return distinct_body(distinct, client, clients, at - static_cast<std::size_t>(client) * 997);
  };
  const Outcome watched = load(url, token, "fraud-api", kLines, by_distinct, watched_batches, clients);
  const auto last = Steady::now();
  while (metric(url, "firebreak_detector_lag_records") > 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  const double lag = std::chrono::duration<double>(Steady::now() - last).count();

  JsonObject detected = to_json(watched, watched_batches, clients);
  detected["detectors_done_after_s"] = lag;
  detected["recorded_and_judged_per_s"] = 500.0 * watched_batches * clients / (watched.seconds + lag);
  detected["detector_state_bytes"] = metric(url, "firebreak_detector_state_bytes");
  const JsonObject report{{"clients", clients},
                          {"batch", 500},
                          {"lines", to_json(plain, batches, clients)},
                          {"rows", to_json(binary, batches, clients)},
                          {"lines_with_detection", detected}};
  fmt::print("{}", pretty_json(report));
  app->stop();
  std::filesystem::remove_all(dir);
  return 0;
}

}  // namespace
}  // namespace firebreak

int main(int argc, char** argv) {
  const auto number = [&](int at, int fallback) {
    const int value = argc > at ? std::atoi(argv[at]) : 0;  // other flags of the bench runner count as 0
    return value > 0 ? value : fallback;
  };
  return firebreak::run(number(1, 100), number(2, 2), argc > 3 ? argv[3] : firebreak::source("content/detectors/fraud-api.yaml"));
}

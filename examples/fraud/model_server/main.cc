// Serves the releases of the fraud story: POST /<version>/score and /<version>/score/batch. Example code, not product.
// POST /<version>/fault {"kind": "fail" | "none"} breaks and mends one: what `make sabotage` does.
//
//   model_server --listen 127.0.0.1:9440 model_1.0.0.json model_1.2.0.json …
//
// Prints {"listen": "http://…"} when it is ready and serves until SIGINT or SIGTERM.
#include <fmt/core.h>
#include <pthread.h>
#include <signal.h>
#include <simdjson.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "fraud/model_server/ensemble.h"
#include "world/net/http_server.h"

namespace firebreak::example {
namespace {

struct Model {
  explicit Model(Ensemble read) : ensemble(std::move(read)) {}
  Ensemble ensemble;
  std::atomic<bool> broken{false};
};
using Models = std::map<std::string, Model, std::less<>>;

struct Row {
  std::vector<double> numbers;
  std::vector<std::string_view> categories;
};

// Every feature of the model and no other, each of its type.
Result<void> read_features(const Ensemble& model, simdjson::dom::element features, Row& row) {
  const auto bad = [](const std::string& name, std::string_view what) {
    return fail(Code::kInvalid, fmt::format("feature '{}' {}", name, what), "/features/" + name);
  };
  simdjson::dom::object object;
  if (features.get(object) != simdjson::SUCCESS) return fail(Code::kInvalid, "'features' must be an object", "/features");
  row.numbers.clear();
  row.categories.clear();
  for (const std::string& name : model.numeric()) {
    double value = 0;
    if (object.at_key(name).get(value) != simdjson::SUCCESS) return bad(name, "must be a number");
    row.numbers.push_back(value);
  }
  for (const std::string& name : model.categorical()) {
    std::string_view value;
    if (object.at_key(name).get(value) != simdjson::SUCCESS) return bad(name, "must be a text");
    row.categories.push_back(value);
  }
  if (object.size() != row.numbers.size() + row.categories.size())
    return fail(Code::kInvalid, "there is a feature that the model does not know", "/features");
  return {};
}

void append_answer(std::string& out, const Scored& scored) {
  fmt::format_to(std::back_inserter(out), R"({{"label":"{}","score":{}}})", scored.label, scored.score);
}

net::Response answer(std::string body) {
  net::Response response;
  response.body = std::move(body);
  return response;
}

net::Response score_one(const Ensemble& model, const net::Request& request) {
  thread_local simdjson::dom::parser parser;
  thread_local Row row;
  simdjson::dom::element document, features;
  if (parser.parse(request.body).get(document) != simdjson::SUCCESS)
    return net::problem(Error{Code::kInvalid, "the request is not valid JSON", {}, 0});
  if (document["features"].get(features) != simdjson::SUCCESS)
    return net::problem(Error{Code::kInvalid, "'features' is missing", "/features", 0});
  if (auto read = read_features(model, features, row); !read) return net::problem(422, read.error());
  std::string body;
  append_answer(body, model.score(row.numbers, row.categories));
  return answer(std::move(body));
}

net::Response score_batch(const Ensemble& model, const net::Request& request) {
  thread_local simdjson::dom::parser parser;
  thread_local Row row;
  simdjson::dom::element document;
  simdjson::dom::array rows;
  if (parser.parse(request.body).get(document) != simdjson::SUCCESS || document["rows"].get(rows) != simdjson::SUCCESS)
    return net::problem(Error{Code::kInvalid, "a batch is {\"rows\":[features…]}", "/rows", 0});
  std::string body = R"({"answers":[)";
  bool first = true;
  for (const simdjson::dom::element features : rows) {
    if (auto read = read_features(model, features, row); !read) return net::problem(422, read.error());
    if (!first) body += ',';
    first = false;
    append_answer(body, model.score(row.numbers, row.categories));
  }
  return answer(body + "]}");
}

net::Response set_fault(Model& model, const net::Request& request) {
  const auto body = parse_json(request.body);
  const std::string kind = body ? string_or(*body, "kind") : "";
  if (kind != "fail" && kind != "none")
    return net::problem(Error{Code::kInvalid, "a fault is {\"kind\": \"fail\"} or {\"kind\": \"none\"}", "/kind", 0});
  model.broken = kind == "fail";
  return net::json_response(JsonObject{{"kind", kind}});
}

void handle(Models& models, const net::Request& request, const net::Responder& responder) {
  if (request.path == "/healthz") return responder(answer(R"({"status":"ok"})"));
  const std::size_t slash = request.path.find('/', 1);
  const auto model = models.find(std::string_view(request.path).substr(1, slash == std::string::npos ? slash : slash - 1));
  const std::string_view rest = slash == std::string::npos ? "" : std::string_view(request.path).substr(slash);
  if (model == models.end() || (rest != "/score" && rest != "/score/batch" && rest != "/fault"))
    return responder(net::problem(Error{Code::kNotFound, "POST /<version>/score or /<version>/score/batch", {}, 0}));
  if (request.method != "POST") return responder(net::problem(405, Error{Code::kInvalid, "POST only", {}, 0}));
  if (rest == "/fault") return responder(set_fault(model->second, request));
  if (model->second.broken) return responder(net::problem(Error{Code::kInternal, "this model is broken", {}, 0}));
  const Ensemble& ensemble = model->second.ensemble;
  responder(rest == "/score" ? score_one(ensemble, request) : score_batch(ensemble, request));
}

int run(const std::string& listen, const std::vector<std::string>& paths) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Models models;
  for (const std::string& path : paths) {
    std::ifstream file(path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    auto model = Ensemble::parse(text);
    if (!model) {
      fmt::print(stderr, "model_server: {}: {}\n", path, model.error().message);
      return 1;
    }
    const std::string version = model->version();
    models.try_emplace(version, std::move(*model));
  }
  const auto address = net::parse_host_port(listen);
  if (!address) {
    fmt::print(stderr, "model_server: --listen: {}\n", address.error().message);
    return 2;
  }
  net::ServerOptions options;
  options.host = address->first;
  options.port = address->second;
  const auto server = net::HttpServer::start(
      options, [&](net::Request request, net::Responder responder) { handle(models, request, responder); });
  if (!server) {
    fmt::print(stderr, "model_server: {}\n", server.error().message);
    return 1;
  }
  fmt::print("{{\"listen\":\"{}\"}}\n", (*server)->url());
  std::fflush(stdout);
  int caught = 0;
  sigwait(&signals, &caught);
  (*server)->stop();
  return 0;
}

}  // namespace
}  // namespace firebreak::example

int main(int argc, char** argv) {
  std::string listen = "127.0.0.1:0";
  std::vector<std::string> paths;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--listen" && i + 1 < argc) {
      listen = argv[++i];
    } else {
      paths.emplace_back(argv[i]);
    }
  }
  if (paths.empty()) {
    fmt::print(stderr, "usage: model_server [--listen HOST:PORT] MODEL.json…\n");
    return 2;
  }
  return firebreak::example::run(listen, paths);
}

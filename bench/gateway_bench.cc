// The gateway against the direct way to the model: 1 KB JSON POSTs over 64 kept connections, capture on.
//
// Three processes on one machine: the model and the record server (both answer at once), the gateway with two
// io threads, and the load. Prints JSON: requests/s, CPU seconds of the gateway per 100,000 requests, p50 and p99 of
// both ways and what the gateway adds. At full load all three share the cores, so a second round at a fixed rate far
// below saturation says what the gateway adds to a request that does not wait for the CPU.
// Arguments: [requests, default 100000] [connections, default 64]
#include <fmt/core.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>
#include <thread>
#include <vector>

#include "base/digest.h"
#include "base/files.h"
#include "types/policy.h"
#include "world/gateway/gateway.h"
#include "world/net/http_client.h"
#include "world/net/http_server.h"
#include "world/net/io_threads.h"
#include "world/net/upstream.h"

namespace firebreak {
namespace {

using Steady = std::chrono::steady_clock;

template <class T>
T must(Result<T> result) {
  if (!result) {
    fmt::print(stderr, "gateway_bench: {}\n", result.error().message);
    std::exit(1);
  }
  return std::move(*result);
}

// A child process that tells its numbers through a pipe and then waits to be ended.
struct Child {
  pid_t pid = 0;
  std::vector<int> numbers;

  template <class Main>
  static Child start(std::size_t count, Main main) {
    int ends[2];
    if (::pipe(ends) != 0) std::exit(1);
    Child child;
    child.pid = ::fork();
    if (child.pid == 0) {
      ::close(ends[0]);
      main([&](int number) {
        if (::write(ends[1], &number, sizeof(number)) != sizeof(number)) std::_Exit(1);
      });
      std::_Exit(0);
    }
    ::close(ends[1]);
    child.numbers.resize(count);
    for (int& number : child.numbers)
      if (::read(ends[0], &number, sizeof(number)) != sizeof(number)) std::exit(1);
    ::close(ends[0]);
    return child;
  }
  double cpu_seconds() const {
    std::ifstream file(fmt::format("/proc/{}/stat", pid));
    std::string text((std::istreambuf_iterator<char>(file)), {});
    std::istringstream fields(text.substr(text.rfind(')') + 2));
    std::string skip;
    for (int i = 0; i < 11; ++i) fields >> skip;
    double user = 0, system = 0;
    fields >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  }
  void end() const {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
};

struct Figures {
  double rps = 0, p50_us = 0, p99_us = 0;
  std::size_t failed = 0;
};

// A load of `connections` requests at a time; with `rate` > 0 each connection waits for its turn.
class Load {
 public:
  Load(const std::string& url, std::string body, std::size_t connections)
      : io_(std::make_shared<net::IoThreads>(1)), body_(std::move(body)), connections_(connections) {
    net::UpstreamOptions options;
    options.max_connections = connections;
    options.headers = {{"Authorization", "Bearer the-bench-key"}};
    upstream_ = must(net::Upstream::create(io_, url, options));
  }
  ~Load() {
    upstream_->close();
    io_->stop();
  }

  // Closed loop: the next request leaves when an answer has come.
  Figures run(std::size_t requests) {
    begin(requests);
    const auto started = Steady::now();
    io_->post(0, [this] {
      for (std::size_t i = 0; i < connections_; ++i) next();
    });
    done_.get_future().wait();
    return figures(std::chrono::duration<double>(Steady::now() - started).count());
  }

  // Open loop: requests leave at `rate` per second, whatever comes back.
  Figures run_at(std::size_t requests, double rate) {
    begin(requests);
    const auto started = Steady::now();
    for (std::size_t i = 0; i < requests; ++i) {
      const auto due = started + std::chrono::duration_cast<Steady::duration>(
                                     std::chrono::duration<double>(static_cast<double>(i) / rate));
      std::this_thread::sleep_until(due);
      io_->post(0, [this] { send(); });
    }
    done_.get_future().wait();
    return figures(std::chrono::duration<double>(Steady::now() - started).count());
  }

 private:
  void begin(std::size_t requests) {
    latencies_.clear();
    latencies_.reserve(requests);
    total_ = requests;
    sent_ = failed_ = 0;
    closed_loop_ = false;
    done_ = {};
  }
  void next() {
    closed_loop_ = true;
    if (sent_ < total_) send();
  }
  void send() {
    ++sent_;
    const auto started = Steady::now();
    upstream_->post("", body_, [this, started](Result<net::Response> answer) {
      failed_ += !answer || answer->status != 200;
      latencies_.push_back(std::chrono::duration<double, std::micro>(Steady::now() - started).count());
      if (latencies_.size() == total_) done_.set_value();
      else if (closed_loop_) next();
    });
  }
  Figures figures(double seconds) {
    std::sort(latencies_.begin(), latencies_.end());
    const auto at = [&](double share) { return latencies_[static_cast<std::size_t>(share * static_cast<double>(latencies_.size() - 1))]; };
    return {static_cast<double>(total_) / seconds, at(0.5), at(0.99), failed_};
  }

  std::shared_ptr<net::IoThreads> io_;
  std::shared_ptr<net::Upstream> upstream_;
  const std::string body_;
  const std::size_t connections_;
  std::vector<double> latencies_;
  std::size_t total_ = 0, sent_ = 0, failed_ = 0;
  bool closed_loop_ = false;
  std::promise<void> done_;
};

EndpointPolicy make_policy(int model_port) {
  EndpointPolicy policy;
  policy.fence = 1;
  Endpoint& endpoint = policy.endpoint;
  endpoint.name = "bench";
  endpoint.state = EndpointState::kEnforce;
  for (int i = 0; i < 20; ++i) endpoint.features.numeric.push_back(fmt::format("number_{}", i));
  endpoint.features.categorical = {"sex", "education", "marriage"};
  endpoint.fallback = must(parse_json(R"({"version":1,"rules":[],"default":{"label":"decline","score":1}})"));
  endpoint.callers[hmac_sha256("the pepper of the bench", "the-bench-key").hex()] = "bench";
  policy.releases = {{"1.0.0", fmt::format("http://127.0.0.1:{}", model_port), std::string(64, 'a')}};
  policy.base_weights = {{"1.0.0", 100}};
  QuarantineMeasure quarantine;  // as in an incident: both sets are looked up for every request
  for (int i = 0; i < 50; ++i) quarantine.callers.insert(fmt::format("attacker-{}", i));
  for (int i = 0; i < 5'000; ++i) quarantine.digests.insert(sha256(std::to_string(i)));
  policy.measures.push_back({"act-1", quarantine, {}});
  return policy;
}

std::string make_body() {
  JsonObject features;
  for (int i = 0; i < 20; ++i) features[fmt::format("number_{}", i)] = 1000.25 * i;
  features["sex"] = "female";
  features["education"] = "university";
  features["marriage"] = "single";
  std::string body = canonical_json(JsonObject{{"features", features}});
  body.insert(1, std::string(1'024 - body.size(), ' '));
  return body;
}

// One request, then everything acknowledged by the server: what one step of a fed clock costs here.
double flush_p50_us(const std::string& gateway_url, const std::string& control_url, net::HttpClient& control) {
  Load load(gateway_url, make_body(), 1);
  std::vector<double> took;
  for (int i = 0; i < 200; ++i) {
    load.run(1);
    const auto started = Steady::now();
    must(net::json_of(control.post(control_url + "/flush", "")));
    took.push_back(std::chrono::duration<double, std::micro>(Steady::now() - started).count());
  }
  std::nth_element(took.begin(), took.begin() + 100, took.end());
  return took[100];
}

Json to_json(const Figures& figures) {
  return JsonObject{{"requests_per_s", std::round(figures.rps)},
                    {"p50_us", std::round(figures.p50_us)},
                    {"p99_us", std::round(figures.p99_us)},
                    {"failed", figures.failed}};
}

int run(std::size_t requests, std::size_t connections) {
  const std::string dir = fmt::format("{}/fb-gateway-bench-{}", std::filesystem::temp_directory_path().string(), ::getpid());
  const Child servers = Child::start(2, [](auto tell) {
    const auto model = must(net::HttpServer::start({}, [](net::Request, net::Responder respond) {
      net::Response response;
      response.body = R"({"label":"approve","score":0.1234})";
      respond(std::move(response));
    }));
    const auto recorder = must(net::HttpServer::start({}, [](net::Request, net::Responder respond) {
      respond(net::json_response(JsonObject{{"first", 0}, {"last", 0}}));
    }));
    tell(model->port());
    tell(recorder->port());
    ::pause();
  });
  const Child gateway = Child::start(2, [&](auto tell) {
    PosixFiles files;
    must(files.make_dir(dir).map([] { return true; }));
    must(write_atomic(files, dir + "/pepper", "the pepper of the bench").map([] { return true; }));
    must(write_atomic(files, dir + "/token", "the token of the bench").map([] { return true; }));
    gateway::GatewayOptions options;
    options.data_dir = dir + "/data";
    options.pepper_file = dir + "/pepper";
    options.control_token_file = options.server_token_file = dir + "/token";
    options.server_url = fmt::format("http://127.0.0.1:{}", servers.numbers[1]);
    const auto running = must(gateway::Gateway::start(options));
    tell(running->port());
    tell(running->control_port());
    ::pause();
  });
  net::HttpClient control;
  control.set_token("the token of the bench");
  const std::string control_url = fmt::format("http://127.0.0.1:{}/control", gateway.numbers[1]);
  must(net::json_of(control.put(control_url + "/policies/bench", canonical_json(to_json(make_policy(servers.numbers[0]))))));

  const std::string body = make_body();
  const std::string direct_url = fmt::format("http://127.0.0.1:{}/score", servers.numbers[0]);
  const std::string gateway_url = fmt::format("http://127.0.0.1:{}/bench/score", gateway.numbers[0]);
  Figures direct, through, slow_direct, slow_through;
  double cpu = 0;
  const double rate = 1'000;
  {
    Load load(direct_url, body, connections);
    load.run(requests / 10);
    direct = load.run(requests);
    slow_direct = load.run_at(requests / 20, rate);
  }
  {
    Load load(gateway_url, body, connections);
    load.run(requests / 10);
    const double before = gateway.cpu_seconds();
    through = load.run(requests);
    cpu = gateway.cpu_seconds() - before;
    slow_through = load.run_at(requests / 20, rate);
  }
  must(net::json_of(control.post(control_url + "/flush", "")));
  const double flush_us = flush_p50_us(gateway_url, control_url, control);
  const Json counters = must(net::json_of(control.get(control_url + "/counters/bench")));
  gateway.end();
  servers.end();
  std::filesystem::remove_all(dir);
  fmt::print("{}", pretty_json(JsonObject{
                       {"benchmark", "gateway"},
                       {"requests", requests},
                       {"connections", connections},
                       {"body_octets", body.size()},
                       {"direct", to_json(direct)},
                       {"gateway", to_json(through)},
                       {"gateway_cpu_s_per_100k_requests", cpu * 1e5 / static_cast<double>(requests)},
                       {"added_p50_us", std::round(through.p50_us - direct.p50_us)},
                       {"added_p99_us", std::round(through.p99_us - direct.p99_us)},
                       {"at_1000_per_s",
                        JsonObject{{"direct", to_json(slow_direct)},
                                   {"gateway", to_json(slow_through)},
                                   {"added_p50_us", std::round(slow_through.p50_us - slow_direct.p50_us)},
                                   {"added_p99_us", std::round(slow_through.p99_us - slow_direct.p99_us)}}},
                       {"flush_p50_us", std::round(flush_us)},
                       {"capture", *find(counters, "capture")}}));
  return through.failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace firebreak

int main(int argc, char** argv) {
  const auto number = [&](int i, std::size_t fallback) {
    const long value = argc > i ? std::strtol(argv[i], nullptr, 10) : 0;
    return value > 0 ? static_cast<std::size_t>(value) : fallback;
  };
  return firebreak::run(number(1, 100'000), number(2, 64));
}

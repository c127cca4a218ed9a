#include "run/api/api.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "base/simulated_files.h"
#include "log/ledger/log.h"

namespace firebreak::api {

std::string_view openapi();

namespace {

// "GET /path" of every operation in the description: two and four spaces of indent tell paths from methods.
std::set<std::string> described() {
  std::set<std::string> out;
  std::istringstream lines{std::string(openapi())};
  std::string path;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("components:")) break;
    if (line.starts_with("  /")) path = line.substr(2, line.size() - 3);
    for (const std::string_view method : {"get", "put", "post", "delete"}) {
      if (line != "    " + std::string(method) + ":") continue;
      std::string upper(method);
      for (char& c : upper) c = static_cast<char>(c - 'a' + 'A');
      out.insert(upper + " " + path);
    }
  }
  return out;
}

struct World {
  SimulatedFiles files;
  FedClock clock{Time{kDay}};
  SeededRandom random{7};
  Registry metrics;
  std::unique_ptr<journal::Journal> journal;
  std::unique_ptr<record::Streams> streams;
  std::unique_ptr<views::Views> views;
  std::unique_ptr<evidence::BlobStore> blobs;
  std::unique_ptr<Api> api;

  World() {
    ledger::Options options;
    options.key = *ledger::SigningKey::generate("test/journal", random);
    auto log = ledger::Log::open(files, clock, "logs/journal", std::move(options));
    std::vector<std::unique_ptr<journal::Fold>> folds;
    folds.push_back(journal::make_fold<access::AccessState>(access::kFoldName, access::kSchemaVersion, access::decide,
                                                            access::apply, access::to_json, access::state_from_json));
    journal = *journal::Journal::open(std::move(*log), files, clock, "snapshots", {}, std::move(folds));
    streams = *record::Streams::open(files, clock, random, ".");
    views = *views::Views::open(":memory:");
    blobs = std::make_unique<evidence::BlobStore>(*evidence::BlobStore::open(files, "blobs"));
    Parts parts{*journal, *streams, *views, *blobs, clock, metrics, openapi(), {}, {}, {}, {}, {}, random};
    parts.healthy = [] { return Result<void>{}; };
    parts.create_stream = [this](const record::StreamConfig& config) -> Result<void> {
      FIREBREAK_TRY(streams->create(config));
      return {};
    };
    api = std::make_unique<Api>(std::move(parts));
  }
};

TEST(Api, describes_every_route_and_routes_everything_it_describes) {
  World world;
  std::set<std::string> routes;
  for (const auto& [method, path] : world.api->routes())
    if (path.starts_with("/api/") || path == "/healthz" || path == "/metrics") routes.insert(method + " " + path);
  EXPECT_EQ(routes, described());
}

}  // namespace
}  // namespace firebreak::api

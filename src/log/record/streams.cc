#include <fmt/core.h>

#include <algorithm>

#include "base/files.h"
#include "base/limits.h"
#include "log/ledger/verify.h"
#include "log/record/streams.h"
#include "log/record/stream_impl.h"

namespace firebreak::record {
namespace {

constexpr std::string_view kJournal = "journal";  // a log of the same folder with a room of its own

}  // namespace

struct Streams::Impl {
  Impl(Files& f, Clock& c, Random& r, std::string dir, const StreamOptions& o)
      : files(f), clock(c), random(r), data_dir(std::move(dir)), options(o) {}

  // The log `name`, made when absent, with what it says read back.
  Result<std::unique_ptr<Stream>> open(const std::string& name) {
    auto made = std::make_unique<Stream::Impl>(StreamParts{files, clock, random, *vault, models, name, ledger::log_dir_of(data_dir, name), options});
    FIREBREAK_ASSIGN(ledger::SigningKey key, ledger::SigningKey::load_or_create(
                                                 files, ledger::key_path_of(data_dir, name),
                                                 fmt::format("firebreak/{}", name), random));
    made->key = key;
    ledger::Options log_options{.key = std::move(key)};
    ledger::Recovery recovery;
    auto log = ledger::Log::open(files, clock, ledger::log_dir_of(data_dir, name), std::move(log_options), &recovery);
    if (!log) return fail(std::move(log.error()).with(fmt::format("stream '{}'", name)));
    made->log = std::move(*log);
    cuts[name] = recovery.cut_octets();
    FIREBREAK_TRY(made->rebuild());
    made->log->on_commit([impl = made.get()](std::uint64_t size) { impl->notify(size); });
    return std::unique_ptr<Stream>(new Stream(std::move(made)));
  }

  Result<void> open_all() {
    const std::string dir = data_dir + "/logs";
    FIREBREAK_TRY(files.make_dir(dir));
    FIREBREAK_ASSIGN(const std::vector<std::string> names, files.list(dir));
    for (std::string name : names) {
      if (!name.ends_with('/')) continue;
      name.pop_back();
      if (!is_name(name) || name == kJournal) continue;
      FIREBREAK_ASSIGN(std::unique_ptr<Stream> stream, open(name));
      // Without a first record its creation was not finished: it does not exist, and create() goes on with it.
      if (stream->config().name.empty()) {
        unfinished[name] = std::move(stream);
      } else {
        streams[name] = std::move(stream);
      }
    }
    return {};
  }

  Files& files;
  Clock& clock;
  Random& random;
  const std::string data_dir;
  const StreamOptions options;
  KnownModels models;
  std::unique_ptr<vault::Vault> vault;
  mutable std::mutex mutex;
  std::map<std::string, std::unique_ptr<Stream>, std::less<>> streams, unfinished;
  std::map<std::string, std::uint64_t> cuts;
};

Streams::Streams(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Streams::~Streams() = default;

Result<std::unique_ptr<Streams>> Streams::open(Files& files, Clock& clock, Random& random, const std::string& data_dir,
                                               const StreamOptions& options) {
  auto made = std::make_unique<Impl>(files, clock, random, data_dir, options);
  FIREBREAK_TRY(files.make_dir(data_dir));
  FIREBREAK_ASSIGN(made->vault, vault::Vault::open(files, random, data_dir));
  FIREBREAK_TRY(made->open_all());
  return std::unique_ptr<Streams>(new Streams(std::move(made)));
}

Result<Stream*> Streams::create(const StreamConfig& config) {
  // Through JSON and back: one set of checks, and what is compared is what the log holds.
  FIREBREAK_ASSIGN(const StreamConfig checked, stream_config_from_json(config.name, to_json(config)));
  const std::lock_guard lock(impl_->mutex);
  auto found = impl_->streams.find(checked.name);
  if (found == impl_->streams.end()) {
    auto& half = impl_->unfinished[checked.name];
    if (half == nullptr) {
      FIREBREAK_ASSIGN(half, impl_->open(checked.name));
    }
    FIREBREAK_TRY(half->impl_->configure(checked));
    found = impl_->streams.emplace(checked.name, std::move(half)).first;
    impl_->unfinished.erase(checked.name);
    return found->second.get();
  }
  FIREBREAK_TRY(found->second->impl_->configure(checked));
  return found->second.get();
}

Stream* Streams::get(std::string_view name) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->streams.find(name);
  return found == impl_->streams.end() ? nullptr : found->second.get();
}

std::vector<std::string> Streams::list() const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<std::string> names;
  for (const auto& [name, stream] : impl_->streams) names.push_back(name);
  return names;
}

std::vector<std::pair<std::string, std::uint64_t>> Streams::cut_octets() const {
  const std::lock_guard lock(impl_->mutex);
  return {impl_->cuts.begin(), impl_->cuts.end()};
}

Digest Streams::keyed_hash(std::string_view purpose, std::string_view value) const {
  return impl_->vault->field_hash(purpose, value);
}

void Streams::set_known_model(std::function<bool(std::string_view digest_hex)> known) {
  const std::lock_guard lock(impl_->models.mutex);
  impl_->models.ask = std::move(known);
}

}  // namespace firebreak::record

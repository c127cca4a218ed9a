// The parts `witness` and `timestamps` of the configuration.
#include <fmt/core.h>

#include <set>

#include "log/ledger/note.h"
#include "run/app/content.h"

namespace firebreak::app {
namespace {

constexpr std::int64_t kLongest = 366ll * 24 * 3'600;
constexpr std::int64_t kWitnessInterval = 60, kStampInterval = 3'600;

struct Reader {
  const Json& item;
  std::string place;  // "witness 'w1'"

  tl::unexpected<Error> bad(const std::string& why) const { return fail(Code::kInvalid, place + ": " + why); }

  Result<std::int64_t> seconds(std::string_view key, std::int64_t fallback) const {
    const Json* value = find(item, key);
    if (value == nullptr) return fallback * 1'000'000;
    FIREBREAK_ASSIGN(const double given, get_number(item, key));
    if (!(given > 0) || given > static_cast<double>(kLongest)) return bad(fmt::format("'{}' is a number of seconds, above 0 and at most a year", key));
    return static_cast<std::int64_t>(given * 1e6);
  }
};

Result<effects::AttesterConfig> read_one(const Json& item, bool witness, const std::string& folder) {
  effects::AttesterConfig config;
  config.kind = witness ? "witness" : "timestamp";
  FIREBREAK_ASSIGN(config.name, get_string(item, "name"));
  const Reader reader{item, fmt::format("{} '{}'", witness ? "witness" : "timestamps", config.name)};
  if (!is_name(config.name)) return reader.bad("its name has 1 to 64 of a-z 0-9 . _ -");
  if (auto ok = witness ? only_keys(item, {"name", "url", "vkey", "required", "tls_ca_file", "interval_s", "missing_s"})
                        : only_keys(item, {"name", "url", "ca_file", "tls_ca_file", "interval_s", "missing_s"});
      !ok)
    return fail(std::move(ok.error()).with(reader.place));
  FIREBREAK_ASSIGN(config.url, get_string(item, "url"));
  if (!config.url.starts_with("http://") && !config.url.starts_with("https://")) return reader.bad("'url' starts with http:// or https://");
  while (config.url.ends_with('/')) config.url.pop_back();
  const auto resolved = [&](const std::string& path) { return path.empty() || path.starts_with('/') ? path : folder + "/" + path; };
  config.tls_ca_file = resolved(string_or(item, "tls_ca_file"));
  if (!witness) {
    FIREBREAK_ASSIGN(const std::string ca_file, get_string(item, "ca_file"));
    config.ca_file = resolved(ca_file);
  }
  if (witness) {
    FIREBREAK_ASSIGN(config.vkey, get_string(item, "vkey"));
    if (auto key = ledger::parse_witness_vkey(config.vkey); !key)
      return reader.bad(fmt::format("vkey: {}; ask the witness' operator for its own", key.error().message));
    config.required = bool_or(item, "required");
  }
  FIREBREAK_ASSIGN(config.interval_us, reader.seconds("interval_s", witness ? kWitnessInterval : kStampInterval));
  FIREBREAK_ASSIGN(config.missing_us, reader.seconds("missing_s", std::max<std::int64_t>(3'600, 3 * config.interval_us / 1'000'000)));
  return config;
}

}  // namespace

Result<std::vector<effects::AttesterConfig>> attesters_of(const Json& config, const std::string& folder) {
  std::vector<effects::AttesterConfig> attesters;
  std::set<std::string> names;
  for (const bool witness : {true, false}) {
    const char* const key = witness ? "witness" : "timestamps";
    const Json* list = find(config, key);
    if (list == nullptr) continue;
    if (!list->is_array()) return fail(Code::kInvalid, fmt::format("'{}' is a list", key), fmt::format("/{}", key));
    for (const Json& item : list->get_array()) {
      FIREBREAK_ASSIGN(effects::AttesterConfig one, read_one(item, witness, folder));
      if (!names.insert(one.name).second) return fail(Code::kInvalid, fmt::format("the name '{}' stands twice among witness and timestamps", one.name));
      attesters.push_back(std::move(one));
    }
  }
  return attesters;
}

Json to_json(const std::vector<effects::AttesterConfig>& attesters) {
  JsonArray list;
  for (const effects::AttesterConfig& one : attesters)
    list.push_back(JsonObject{{"kind", one.kind},
                              {"name", one.name},
                              {"url", one.url},
                              {"vkey", one.vkey},
                              {"ca_file", one.ca_file},
                              {"tls_ca_file", one.tls_ca_file},
                              {"required", one.required},
                              {"interval_us", one.interval_us},
                              {"missing_us", one.missing_us}});
  return list;
}

}  // namespace firebreak::app

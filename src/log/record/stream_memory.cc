#include "log/record/stream_memory.h"

namespace firebreak::record {
namespace {

constexpr std::int64_t kVersion = 2;

}  // namespace

void StreamMemory::control(std::uint64_t index, const Json& control) {
  const std::lock_guard lock(mutex_);
  controls_.emplace_back(index, control);
}

void StreamMemory::batch(const BatchName& batch, IndexRange range) {
  producers_.replay(batch, range);
}

void StreamMemory::reached(std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  size_ = size;
}

StreamMemory::Saved StreamMemory::save() const {
  const std::lock_guard lock(mutex_);
  Saved saved{size_, controls_, producers_.to_json()};
  // Heard of and not counted in yet: reading on from `size` meets it again. (A batch met twice changes nothing.)
  while (!saved.controls.empty() && saved.controls.back().first >= size_) saved.controls.pop_back();
  return saved;
}

void StreamMemory::restore(const Saved& saved) {
  const std::lock_guard lock(mutex_);
  size_ = saved.size;
  controls_ = saved.controls;
  (void)producers_.restore(saved.producers);
}

// {"body": …, "digest": SHA-256 of the canonical body}
std::string StreamMemory::Saved::text(const Digest& root) const {
  JsonArray list;
  for (const auto& [index, control] : controls) list.push_back(JsonArray{index, control});
  const Json body =
      JsonObject{{"version", kVersion}, {"size", size}, {"root", root.hex()}, {"controls", list}, {"producers", producers}};
  const std::string written = canonical_json(body);
  return "{\"body\":" + written + ",\"digest\":\"" + sha256(written).hex() + "\"}\n";
}

Result<std::pair<StreamMemory::Saved, Digest>> StreamMemory::parse(std::string_view text) {
  const auto corrupt = [](const char* why) { return fail(Code::kCorrupt, std::string("stream.state: ") + why); };
  const auto document = parse_json(text);
  if (!document) return corrupt("no JSON");
  const Json* const body = find(*document, "body");
  if (body == nullptr || sha256(canonical_json(*body)).hex() != string_or(*document, "digest"))
    return corrupt("its digest differs");
  if (int_or(*body, "version") != kVersion) return corrupt("another version");
  Saved saved;
  FIREBREAK_ASSIGN(const std::int64_t size, get_int(*body, "size"));
  saved.size = static_cast<std::uint64_t>(size);
  FIREBREAK_ASSIGN(const Digest root, Digest::from_hex(string_or(*body, "root")));
  const Json* const controls = find(*body, "controls");
  const Json* const producers = find(*body, "producers");
  if (size < 0 || controls == nullptr || !controls->is_array() || producers == nullptr) return corrupt("a part is missing");
  for (const Json& one : controls->get_array()) {
    if (!one.is_array() || one.get_array().size() != 2 || !one.get_array()[0].is_int64()) return corrupt("a control is none");
    saved.controls.emplace_back(static_cast<std::uint64_t>(one.get_array()[0].get_int64()), one.get_array()[1]);
  }
  saved.producers = *producers;
  Producers trial(1'000'000, 1'000'000);
  FIREBREAK_TRY(trial.restore(saved.producers));
  return std::pair{std::move(saved), root};
}

}  // namespace firebreak::record

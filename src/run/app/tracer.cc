#include "run/app/tracer.h"

#include <fmt/core.h>

namespace firebreak::app {
namespace {

constexpr std::size_t kPiece = 5'000;

// The newest inference with this id, by reading the stream: for streams without a feed.
Result<std::optional<std::uint64_t>> search(record::Stream& stream, const std::string& id) {
  std::optional<std::uint64_t> found;
  const std::uint64_t end = stream.size();
  for (std::uint64_t at = 0; at < end;) {
    FIREBREAK_ASSIGN(at, stream.read_from(at, kPiece, [&](const record::Record& record) {
      if (record.kind == record::Kind::kInference && string_or(record.fields(), "id") == id) found = record.index;
    }));
  }
  return found;
}

}  // namespace

Result<Json> trace(const Context& context, const std::string& id, const std::string& stream_name) {
  for (const std::string& name : context.streams.list()) {
    if (!stream_name.empty() && name != stream_name) continue;
    record::Stream* stream = context.streams.get(name);
    if (stream == nullptr) continue;
    const StreamFeed* feed = context.feeds.find(name);
    std::optional<std::uint64_t> index = feed == nullptr ? std::nullopt : feed->find_id(id);
    if (!index) {
      FIREBREAK_ASSIGN(index, search(*stream, id));
    }
    if (!index) continue;
    FIREBREAK_ASSIGN(const record::RecordProof proof, stream->prove(*index));
    JsonObject answer{{"id", id}, {"stream", name}, {"index", *index}, {"proof", record::to_json(proof)}};
    const Json fields = proof.record.fields();
    answer["decision"] = fields;
    answer["admitted"] = format_time(proof.record.admitted);
    answer["model_known"] = proof.record.model_known;
    if (feed != nullptr) {
      if (const auto label = feed->find_label(id)) {
        FIREBREAK_ASSIGN(const record::Record record, stream->read(*label));
        answer["label"] = JsonObject{{"index", *label}, {"record", record.fields()}};
      }
    }
    return Json(answer);
  }
  return fail(Code::kNotFound, fmt::format("no stream has a decision with the id '{}'", id));
}

}  // namespace firebreak::app

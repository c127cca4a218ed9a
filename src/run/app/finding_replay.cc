#include "run/app/finding_replay.h"

#include <fmt/core.h>

#include "run/app/stream_feed.h"
#include "types/finding.h"

namespace firebreak::app {
namespace {

constexpr std::size_t kPiece = 5'000;

struct Again {
  std::vector<FindingUpdate> there;  // what the detectors say at the place itself
  std::set<std::string> ever;        // episodes that they opened up to there
  std::optional<std::uint64_t> erased_at;
};

Result<Again> read_again(record::Stream& stream, const FeatureSchema& features, FeedMind& mind, std::uint64_t place) {
  Again again;
  record::ObservationReader reader(features);
  const auto take = [&](const record::Record& record) {
    std::vector<FindingUpdate> updates;
    if (record.index > place || record.kind == record::Kind::kControl) return;
    if (record.erased) {
      if (!again.erased_at) again.erased_at = record.index;
    } else {
      updates = mind.take(record, reader, nullptr);
    }
    for (FindingUpdate& update : updates) {
      if (update.phase == FindingPhase::kOpened) again.ever.insert(update.episode);
      if (record.index == place) again.there.push_back(std::move(update));
    }
  };
  const std::uint64_t end = std::min(place + 1, stream.size());
  for (std::uint64_t at = 0; at < end;) {
    FIREBREAK_ASSIGN(at, stream.read_from(at, std::min<std::uint64_t>(kPiece, end - at), take, record::Erased::kDeliver));
  }
  return again;
}

// Time alone opened it, or detectors that took over (stream_feed.h): the place of that is not in the stream, so the name decides.
bool says(const Again& again, FeedMind& mind, const Entry& opened) {
  if (opened.source.ordinal < StreamFeed::kAdvanceOrdinal) {
    for (const FindingUpdate& update : again.there)
      if (update.phase == FindingPhase::kOpened && canonical_json(to_json(update)) == canonical_json(opened.body)) return true;
    return false;
  }
  const std::string episode = string_or(opened.body, "episode");
  const std::string name = episode.substr(0, episode.find('@'));
  if (again.ever.contains(name)) return true;
  for (const FindingUpdate& update : mind.advance(opened.time))
    if (update.episode == name) return true;
  return false;
}

}  // namespace

Result<Json> replay_finding(record::Stream& stream, const FeatureSchema& features, FeedMind& mind, const Entry& opened) {
  FIREBREAK_ASSIGN(const Again again, read_again(stream, features, mind, opened.source.position));
  const bool reproduced = says(again, mind, opened);
  JsonObject out{{"finding", opened.id("find")},
                 {"stream", stream.config().name},
                 {"position", opened.source.position},
                 {"outcome", reproduced ? "reproduced" : again.erased_at ? "erased" : "differs"}};
  if (!again.erased_at) return Json(std::move(out));
  out["erased_at"] = *again.erased_at;
  for (const auto& gone : stream.gone()) {
    if (!gone->touches(*again.erased_at, *again.erased_at + 1)) continue;
    out["by"] = gone->order == 0 ? std::string("retention") : fmt::format("era-{}", gone->order);
    out["control"] = gone->control;
    break;
  }
  return Json(std::move(out));
}

}  // namespace firebreak::app

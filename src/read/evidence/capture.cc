#include "read/evidence/capture.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "base/limits.h"
#include "types/volatility.h"

namespace firebreak::evidence {
namespace {

class Capture {
 public:
  Capture(BlobStore& blobs, const CaptureSources& sources, std::string request, std::uint64_t index,
          const Json& requested)
      : blobs_(blobs),
        sources_(sources),
        request_(std::move(request)),
        index_(index),
        requested_(requested) {}

  void item(const std::string& name) {
    const std::string endpoint = string_or(requested_, "endpoint");
    if (name == "model") return document(name, sources_.model, endpoint);
    if (name == "dataset") return document(name, sources_.dataset, endpoint);
    if (name == "policy") return document(name, sources_.policy, endpoint);
    if (name == "counters") return document(name, sources_.counters, endpoint);
    if (name == "inferences") return inferences();
    failed(name, fmt::format("there is no item '{}' (model, dataset, policy, inferences, counters)", name));
  }

  CaptureResult take() { return std::move(result_); }

 private:
  using Source = std::function<Result<Document>(const std::string&)>;

  void document(const std::string& name, const Source& source, const std::string& endpoint) {
    if (!source) return failed(name, "this installation has no source for it");
    const Result<Document> found = source(endpoint);
    if (!found) return failed(name, found.error().message);
    JsonObject body{{"media_type", found->media_type}, {"name", found->name}, {"origin", found->origin}};
    const Result<Digest> digest = blobs_.put(found->content);
    if (!digest) return failed(name, digest.error().message);
    if (!found->expected.empty()) {
      body["expected"] = found->expected;
      body["captured"] = digest->hex();
    }
    captured(name, *digest, found->content.size(), std::move(body));
  }

  void inferences() {
    const std::string stream = string_or(requested_, "stream");
    const auto first = static_cast<std::uint64_t>(int_or(requested_, "first"));
    const auto last = static_cast<std::uint64_t>(int_or(requested_, "last"));
    if (!sources_.inferences) return failed("inferences", "this installation has no source for it");
    if (last < first) return failed("inferences", fmt::format("the range {} to {} is empty", first, last));
    std::uint64_t piece = kInferencesPerBlob;
    for (std::uint64_t at = first; at <= last;) {
      const std::uint64_t end = std::min(last, at + piece - 1);
      Result<OpenedRange> range = sources_.inferences(stream, at, end);
      if (!range) return failed("inferences", fmt::format("{} to {}: {}", at, end, range.error().message));
      range->stream = stream;
      const std::string text = render_range(*range);
      if (text.size() > limits::kDocumentBytes && piece > 1) {
        piece /= 2;
        continue;
      }
      const Result<Digest> digest = blobs_.put(text);
      if (!digest) return failed("inferences", digest.error().message);
      captured("inferences", *digest, text.size(),
               JsonObject{{"media_type", "application/x-ndjson"},
                          {"name", fmt::format("{}-{}-{}.ndjson", stream, range->first, range->last)},
                          {"origin", fmt::format("stream {}, tree of {} records", stream, range->tree_size)},
                          {"stream", stream},
                          {"first", range->first},
                          {"last", range->last},
                          {"root", range->root.hex()}});
      if (range->last < end)  // the newest checkpoint ends here: the rest is not provable yet
        return failed("inferences",
                      fmt::format("records {} to {} stand under no checkpoint yet", range->last + 1, last));
      at = range->last + 1;
    }
  }

  void captured(const std::string& item, const Digest& digest, std::uint64_t octets, JsonObject body) {
    body["digest"] = digest.hex();
    body["octets"] = octets;
    ++result_.captured;
    result_.octets += octets;
    add("evidence_captured", item, std::move(body));
  }

  void failed(const std::string& item, std::string_view reason) {
    ++result_.failed;
    add("evidence_failed", item, JsonObject{{"reason", reason}});
  }

  void add(std::string_view kind, const std::string& item, JsonObject body) {
    body["request"] = request_;
    body["incident"] = string_or(requested_, "incident");
    body["item"] = item;
    Draft draft;
    draft.kind = kind;
    draft.body = std::move(body);
    draft.actor = "evidence";
    draft.cause = request_;
    draft.source = {std::string(kProducer), 0, index_, result_.drafts.size() + 1};
    result_.drafts.push_back(std::move(draft));
  }

  BlobStore& blobs_;
  const CaptureSources& sources_;
  const std::string request_;
  const std::uint64_t index_;
  const Json& requested_;
  CaptureResult result_;
};

}  // namespace

Result<CaptureResult> capture(BlobStore& blobs, const CaptureSources& sources, const std::string& request,
                              const Json& requested) {
  std::uint64_t index = 0;
  const char* end = request.data() + request.size();
  if (!request.starts_with("req-") || std::from_chars(request.data() + 4, end, index).ptr != end)
    return fail(Code::kInvalid, fmt::format("'{}' is no request id", request));
  FIREBREAK_ASSIGN(const std::vector<std::string> items, get_strings(requested, "items"));
  FIREBREAK_ASSIGN(const std::string incident, get_string(requested, "incident"));
  if (incident.empty()) return fail(Code::kInvalid, "evidence belongs to an incident", "/incident");
  Capture work(blobs, sources, request, index, requested);
  for (const std::string& item : by_volatility(items)) work.item(item);
  return work.take();
}

Draft custody(const std::string& evidence, std::string_view action, const std::string& by,
              const std::string& reason) {
  Draft draft;
  draft.kind = "evidence_custody";
  draft.body = JsonObject{{"evidence", evidence}, {"action", action}, {"by", by}, {"reason", reason}};
  draft.actor = by;
  draft.cause = evidence;
  return draft;
}

}  // namespace firebreak::evidence

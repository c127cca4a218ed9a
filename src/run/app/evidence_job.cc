#include "run/app/evidence_job.h"

#include <fmt/core.h>

#include <algorithm>

#include "fold/contain/contain.h"
#include "fold/provenance/provenance.h"
#include "read/evidence/capture.h"
#include "read/evidence/range.h"

namespace firebreak::app {
namespace {

struct Serving {  // what the endpoint serves by default now
  Endpoint endpoint;
  provenance::Release release;
};

Result<Serving> serving_of(const journal::Journal& journal, const std::string& name) {
  Result<Serving> result = fail(Code::kNotFound, fmt::format("endpoint '{}' has no release in service", name));
  journal.with_state([&](const journal::View& view) {
    const auto& known = view.state<provenance::ProvenanceState>(provenance::kFoldName);
    const Endpoint* endpoint = provenance::find_endpoint(known, name);
    if (endpoint == nullptr) return;
    const auto* release = provenance::find_release(known, name, provenance::last_known_good(known, name));
    if (release != nullptr) result = Serving{*endpoint, *release};
  });
  return result;
}

Result<evidence::Document> blob_document(const Context& context, const std::string& digest, std::string name,
                                         std::string media_type, std::string origin) {
  FIREBREAK_ASSIGN(const Digest expected, Digest::from_hex(digest));
  FIREBREAK_ASSIGN(Bytes content, context.blobs.get(expected));
  return evidence::Document{std::move(name), std::move(media_type), std::move(origin), std::move(content), digest};
}

Result<evidence::Document> gateway_document(const Context& context, const std::string& endpoint, bool counters) {
  FIREBREAK_ASSIGN(const Serving serving, serving_of(context.journal, endpoint));
  connect::Connector* gateway = context.connector(serving.endpoint.gateway);
  if (gateway == nullptr)
    return fail(Code::kUnavailable, fmt::format("no gateway '{}' is configured", serving.endpoint.gateway));
  FIREBREAK_ASSIGN(const Json content, counters ? gateway->read_counters(endpoint) : gateway->read_policy(endpoint));
  evidence::Document document;
  document.name = counters ? "gateway-counters.json" : "traffic-policy.json";
  document.origin = fmt::format("gateway {}, control listener, endpoint {}", serving.endpoint.gateway, endpoint);
  document.content = pretty_json(content);
  return document;
}

}  // namespace

void capture_evidence(const Context& context, const Entry& requested) {
  evidence::CaptureSources sources;
  sources.model = [&](const std::string& endpoint) -> Result<evidence::Document> {
    FIREBREAK_ASSIGN(const Serving serving, serving_of(context.journal, endpoint));
    return blob_document(context, serving.release.model_digest, fmt::format("model-{}.json", serving.release.release),
                         "application/json", fmt::format("release {} of {}, blob store", serving.release.release, endpoint));
  };
  sources.dataset = [&](const std::string& endpoint) -> Result<evidence::Document> {
    FIREBREAK_ASSIGN(const Serving serving, serving_of(context.journal, endpoint));
    return blob_document(context, serving.release.manifest, fmt::format("manifest-{}.json", serving.release.release),
                         "application/json",
                         fmt::format("dataset manifest of release {} of {}, blob store", serving.release.release, endpoint));
  };
  sources.policy = [&](const std::string& endpoint) { return gateway_document(context, endpoint, false); };
  sources.counters = [&](const std::string& endpoint) { return gateway_document(context, endpoint, true); };
  sources.inferences = [&](const std::string& name, std::uint64_t first,
                           std::uint64_t last) -> Result<evidence::OpenedRange> {
    record::Stream* stream = context.streams.get(name);
    if (stream == nullptr) return fail(Code::kNotFound, fmt::format("there is no stream '{}'", name));
    return evidence::open_range(*stream, first, std::min(last, first + evidence::kInferencesPerBlob - 1));
  };
  auto captured = evidence::capture(context.blobs, sources, requested.id("req"), requested.body);
  if (!captured) return context.logger.error("an evidence request cannot be read", captured.error());
  for (Draft& draft : captured->drafts) {
    const bool secured = draft.kind == "evidence_captured";
    const auto group = context.journal.submit_wait(std::move(draft));
    if (!group) {
      context.logger.error("captured evidence was not taken by the journal", group.error());
      continue;
    }
    if (!secured) continue;
    // Custody begins with the seal: from here on the digest in the journal says what the item is.
    const std::string id = group->entries.front().id("ev");
    if (auto sealed = context.journal.submit_wait(evidence::custody(id, "seal", "firebreak", "captured for the incident"));
        !sealed)
      context.logger.error("the seal of evidence was not taken by the journal", sealed.error());
  }
}

}  // namespace firebreak::app

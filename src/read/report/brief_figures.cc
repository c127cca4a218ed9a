// Of the commander's page: whom the incident hurts, and what money is at risk. Each figure says where it comes from.
#include <fmt/core.h>

#include "read/report/brief_parts.h"

namespace firebreak::report {
namespace {

const Json* field_of(const Json& incident, std::string_view name) {
  for (const Json& one : items_of(incident, "fields"))
    if (string_or(one, "field") == name) return &one;
  return nullptr;
}

Json said_by(const Json& field, std::string_view what) {
  const Json* const said = find(field, "said");
  return JsonObject{{"what", what}, {"by", said != nullptr ? plain_actor(string_or(*said, "by")) : ""}, {"index", said != nullptr ? member_or_null(*said, "index") : Json(nullptr)}};
}

// The list of decisions, when there is one, else what was counted of the stream.
Json decisions_of(const BriefInput& in) {
  const std::string id = string_or(in.incident, "id");
  if (const Json* const counts = find_pointer(in.incident, "/remedy/counts"); counts != nullptr && counts->is_object()) {
    JsonObject out{{"affected", member_or_null(*counts, "affected")}, {"callers", nullptr}, {"source", "the remedy list of " + id}, {"index", member_or_null(in.incident.at("remedy"), "index")}};
    for (const char* key : {"changed", "open", "reversed", "confirmed", "told"}) out[key] = member_or_null(*counts, key);
    out["text"] = fmt::format("{} decisions affected; {} would be others now, {} are open, {} customers told", int_or(*counts, "affected"), int_or(*counts, "changed"), int_or(*counts, "open"), int_or(*counts, "told"));
    return Json(std::move(out));
  }
  if (const Json* const told = find(in.incident, "affected"); told != nullptr && told->is_object()) {
    JsonObject out{{"affected", member_or_null(*told, "inferences")}, {"callers", member_or_null(*told, "caller_count")}, {"source", "counted in the stream"}, {"index", member_or_null(*told, "index")}};
    out["text"] = fmt::format("{} decisions affected, of {} callers, as counted at {}", int_or(*told, "inferences"), int_or(*told, "caller_count"), string_or(*told, "time"));
    return Json(std::move(out));
  }
  return JsonObject{{"affected", nullptr}, {"callers", nullptr}, {"source", nullptr}, {"text", "nobody measured it"}, {"command", fmt::format("firebreak remedy build {}", id)}};
}

// Without a chain all figures of the picture are zero: they would read as if something had been measured.
const Json* cost_of(const BriefInput& in) {
  const Json* const points = find_pointer(in.picture, "/chain/points");
  if (points == nullptr || !points->is_array() || points->get_array().empty()) return nullptr;
  return find(in.picture, "cost");
}

std::string why_unmeasured(const BriefInput& in) {
  const std::string amount = in.endpoint.is_object() ? string_or(in.endpoint, "amount_field") : "";
  if (amount.empty()) return fmt::format("nobody measured it: the endpoint '{}' names no amount_field", string_or(in.incident, "endpoint"));
  return fmt::format("nobody measured it: '{}' states the amount of a request, but no chain of queries says which requests are the attack's", amount);
}

}  // namespace

Json harm_of(const BriefInput& in) {
  JsonObject out{{"decisions", decisions_of(in)}, {"impact", member_or_null(in.incident, "impact")}};
  if (const Json* const impact = find(in.incident, "impact"); impact != nullptr && impact->is_object())
    out["text"] = fmt::format("functional {} now, {} likely; information {}; recoverability {}", string_or(*impact, "functional_now"), string_or(*impact, "functional_likely"),
                              listed(items_of(*impact, "information"), "not rated"), string_or(*impact, "recoverability"));
  else
    out["text"] = "nobody has rated the impact";
  for (const char* name : {"people_risk", "agent_acted", "business_impact", "data_impact"}) {
    const Json* const field = field_of(in.incident, name);
    out[name] = field == nullptr ? Json(nullptr) : find(*field, "value") != nullptr ? field->at("value") : member_or_null(*field, "text");
  }
  const Json* const cost = cost_of(in);
  out["other_customers"] = cost == nullptr ? Json(nullptr) : member_or_null(*cost, "customers");
  return Json(std::move(out));
}

Json money_of(const BriefInput& in) {
  JsonArray figures;
  if (const Json* const cost = cost_of(in); cost != nullptr)
    if (const Json rate = member_or_null(*cost, "money_per_hour"); rate.is_number())
      figures.push_back(JsonObject{{"amount", rate}, {"unit", string_or(*cost, "money_unit")}, {"per", "hour"}, {"status", "upper bound"}, {"source", JsonObject{{"what", string_or(*cost, "method")}, {"entries", member_or_null(*cost, "entries")}}}});
  if (const Json* const amount = field_of(in.incident, "cost_amount"); amount != nullptr) {
    const Json* const unit = field_of(in.incident, "cost_unit");
    const Json* const status = field_of(in.incident, "cost_status");
    figures.push_back(JsonObject{{"amount", member_or_null(*amount, "value")}, {"unit", unit == nullptr ? "" : string_or(*unit, "text")}, {"per", nullptr},
                                 {"status", status == nullptr ? "nobody says how sure it is" : string_or(*status, "value")}, {"source", said_by(*amount, "the record, cost_amount")}});
  }
  JsonObject out{{"measured", !figures.empty()}};
  std::string text;
  for (const Json& one : figures) {
    const Json& amount = one.at("amount");
    text += fmt::format("{}{}{}{}{} ({})", text.empty() ? "" : "; ", canonical_json(amount), string_or(one, "unit").empty() ? "" : " ", string_or(one, "unit"), one.at("per").is_null() ? "" : " an hour", string_or(one, "status"));
  }
  out["text"] = text.empty() ? why_unmeasured(in) : text;
  if (text.empty()) out["command"] = fmt::format("firebreak incident set {} cost_amount NUMBER", string_or(in.incident, "id"));
  out["figures"] = std::move(figures);
  return Json(std::move(out));
}

}  // namespace firebreak::report

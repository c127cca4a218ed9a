#include "deadline/form.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "deadline/sample.h"

namespace firebreak::deadline {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<Form>& shipped_forms() {
  static const std::vector<Form> forms = [] {
    auto read = forms_from_json(content("reports.yaml"));
    EXPECT_TRUE(read) << read.error().pointer << ": " << read.error().message;
    return read.value_or(std::vector<Form>());
  }();
  return forms;
}

// Which fields each report has: who changes them in content/deadlines/reports.yaml changes them here too, and says in the commit what was read where.
TEST(Forms, shipped_reports_ask_for_what_their_articles_name) {
  const std::map<std::string, std::string> pinned = {
      {"gdpr authority", "nature subjects records contact consequences measures aware late_reasons"},
      {"nis2 early_warning", "entity incident malicious cross_border"},
      {"nis2 notification", "update severity impact indicators"},
      {"nis2 final", "description cause mitigation cross_border"},
      {"dora initial", "entity reference detected classified description criteria member_states discovered origin continuity reclassified"},
      {"dora intermediate", "reference occurred recovered criteria type threats areas clients authorities measures indicators"},
      {"dora final", "reference causes resolved resolution costs recurrence"},
      {"sec-8k initial", "registrant determined nature scope timing impact unknown"},
      {"hipaa individuals", "happened breach_date discovery_date information steps doing contact"},
      {"ai-act-73 report", "provider system aware timeline outcome causal_link risk corrective evidence"}};
  std::map<std::string, std::string> found;
  for (const Form& form : shipped_forms()) {
    std::string& fields = found[form.regime + " " + form.stage];
    for (const Field& field : form.fields) fields += (fields.empty() ? "" : " ") + field.id;
    const Regime& of = regime(form.regime);
    EXPECT_TRUE(std::any_of(of.stages.begin(), of.stages.end(), [&](const Stage& stage) { return stage.id == form.stage; })) << form.regime << " " << form.stage;
    // What a field takes from an event or a filing is one of its own regime.
    for (const Field& field : form.fields)
      for (const std::string& name : field.from) {
        if (name.starts_with("event.")) {
          EXPECT_TRUE(events_of(of).contains(name.substr(6))) << form.regime << " " << name;
        }
        if (name.starts_with("filed.")) {
          EXPECT_TRUE(events_of(of).contains("filed:" + name.substr(6))) << form.regime << " " << name;
        }
      }
  }
  EXPECT_EQ(found, pinned);
}

TEST(Forms, fill_in_what_is_known_and_list_what_is_missing) {
  const Form& form = *form_of(shipped_forms(), "gdpr", "authority");
  JsonObject draft = filled(form, {{"title", "Leak of rows"}, {"findings", "40 look-alike queries\n# not a heading"}, {"measures", ""}, {"event.awareness", "2026-06-12T08:00:00Z"}});
  EXPECT_EQ(draft["missing"], Json(JsonArray{"subjects", "records", "contact", "consequences", "measures"})) << "the reasons for being late are optional";
  const JsonArray& fields = draft["fields"].as_array();
  EXPECT_EQ(string_or(fields[0], "value"), "Leak of rows; 40 look-alike queries\n# not a heading");
  EXPECT_EQ(fields[0].at("from"), Json(JsonArray{"title", "findings"}));
  const std::string text = markdown(draft);
  EXPECT_THAT(text, HasSubstr("> Leak of rows; 40 look-alike queries\n> # not a heading\n"));
  EXPECT_THAT(text, HasSubstr("## Missing facts\n\n- Categories and approximate number of persons concerned (`subjects`)"));
  EXPECT_THAT(text, HasSubstr("unchecked: compare with the source"));
  ASSERT_TRUE(put_value(draft, "subjects", "about 40 customers"));
  EXPECT_EQ(draft["missing"], Json(JsonArray{"records", "contact", "consequences", "measures"}));
  EXPECT_THAT(put_value(draft, "nobody", "x").error().message, HasSubstr("it has: nature, subjects"));
}

TEST(Forms, refuse_what_nobody_could_fill_in) {
  const auto read_with = [](const std::string& fields) {
    return forms_from_json(*parse_json(R"({"version": 1, "reports": [{"regime": "r", "stage": "s", "title": "t", "citation": "c", "checked": "source", "fields": [)" + fields + "]}]}"));
  };
  EXPECT_TRUE(read_with(R"({"id": "a", "label": "A", "citation": "1", "from": ["title", "event.x", "organisation.lei"]})"));
  EXPECT_EQ(read_with(R"({"id": "a", "label": "A", "citation": "1", "from": ["titel"]})").error().pointer, "/reports/0/fields/0/from");
  EXPECT_EQ(read_with(R"({"id": "a", "label": "A", "citation": "1"}, {"id": "a", "label": "B", "citation": "1"})").error().pointer, "/reports/0/fields/1/id");
  EXPECT_EQ(read_with(R"({"id": "a", "label": "A", "citation": "1", "sent": true})").error().pointer, "/reports/0/fields/0/sent");
  EXPECT_EQ(read_with("").error().pointer, "/reports/0/fields");
}

TEST(Forms, a_regime_holds_the_evidence_until_a_stage_of_its_own) {
  const auto holding = [](const std::string& stage) { return read(small_document(R"("hours": 4)", "4 hours", R"("holds_evidence_until": ")" + stage + R"(", )")); };
  ASSERT_TRUE(holding("first"));
  EXPECT_EQ(holding("first")->front().holds_evidence_until, "first");
  EXPECT_EQ(holding("second").error().pointer, "/regimes/0/holds_evidence_until");
  EXPECT_EQ(regime("ai-act-73").holds_evidence_until, "report");
  EXPECT_EQ(period_text(regime("gdpr").stages[0].periods[0]), "72 hours after awareness");
  EXPECT_EQ(*parse_offset("-05:00"), -300);
  EXPECT_FALSE(parse_offset("Eastern"));
}

}  // namespace
}  // namespace firebreak::deadline

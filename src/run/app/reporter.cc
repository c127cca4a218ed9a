#include "run/app/reporter.h"

#include "log/ledger/verify.h"
#include "read/report/assets.h"
#include "read/report/postmortem.h"
#include "read/report/report.h"

namespace firebreak::app {

Result<Json> make_report(const Context& context, const views::Views& views, const std::string& data_dir,
                         const std::string& incident, const Json& player, const Json& offsite, const std::string& exercise) {
  report::ReportInput input;
  FIREBREAK_ASSIGN(Json kept, views.incident(incident));
  input.incident = context.texts.shown_in(std::move(kept));
  if (const auto endpoint = views.written_one("endpoint", string_or(input.incident, "endpoint"))) input.endpoint_owner = string_or(*endpoint, "owner");
  FIREBREAK_ASSIGN(input.robustness, views.robustness());
  FIREBREAK_ASSIGN(const auto logs, ledger::list_logs(context.files, data_dir));
  JsonArray rows;
  for (const ledger::LogInfo& log : logs)
    rows.push_back(JsonObject{{"name", log.name}, {"size", log.size}, {"root", log.root.hex()}, {"vkey", log.vkey}});
  input.logs = std::move(rows);
  // Nothing may be decided between the two digests, or they would differ for no fault.
  context.journal.wait_idle();
  const std::string before = context.journal.state_digest().hex();
  FIREBREAK_ASSIGN(const Digest after, context.journal.replay_digest());
  input.replay = JsonObject{{"digest_before", before}, {"digest_after", after.hex()}};
  input.player = player;
  input.offsite = offsite;
  input.made_at = context.clock.now();
  input.made_by = "firebreak";
  FIREBREAK_ASSIGN(Json document, report::build_report(input));
  if (!exercise.empty()) document.as_object()["exercise"] = exercise;
  std::string markdown = report::postmortem_markdown(document.at("postmortem"));
  if (!exercise.empty()) markdown = "**" + exercise + "**\n\n" + markdown;
  std::string html = report::marked_page(report::render_html(document), exercise);
  return Json(JsonObject{{"report", std::move(document)}, {"html", std::move(html)}, {"postmortem", std::move(markdown)}});
}

}  // namespace firebreak::app

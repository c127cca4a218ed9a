#include "folds.h"

#include "fold/access/access.h"
#include "fold/casefile/casefile.h"
#include "fold/contain/contain.h"
#include "fold/exercise/exercise.h"
#include "fold/incident/incident.h"
#include "fold/keeping/keeping.h"
#include "fold/notify/notify.h"
#include "fold/playbook/playbook.h"
#include "fold/provenance/provenance.h"
#include "fold/recall/recall.h"
#include "fold/remedy/remedy.h"
#include "fold/reporting/reporting.h"
#include "fold/ticket/ticket.h"

namespace firebreak::golden {

Result<std::unique_ptr<journal::Fold>> make_named_fold(const std::string& name) {
  using journal::make_fold;
  if (name == access::kFoldName)
    return make_fold<access::AccessState>(name, access::kSchemaVersion, access::decide, access::apply, access::to_json,
                                          access::state_from_json);
  if (name == casefile::kFoldName)
    return make_fold<casefile::CasefileState>(name, casefile::kSchemaVersion, casefile::decide, casefile::apply,
                                              casefile::to_json, casefile::state_from_json);
  if (name == contain::kFoldName)
    return make_fold<contain::ContainState>(name, contain::kSchemaVersion, contain::decide, contain::apply,
                                            contain::to_json, contain::contain_state_from_json);
  if (name == exercise::kFoldName)
    return make_fold<exercise::ExerciseState>(name, exercise::kSchemaVersion, exercise::decide, exercise::apply,
                                              exercise::to_json, exercise::state_from_json);
  if (name == incident::kFoldName)
    return make_fold<incident::IncidentState>(name, incident::kSchemaVersion, incident::decide, incident::apply,
                                              incident::to_json, incident::incident_state_from_json);
  if (name == keeping::kFoldName)
    return make_fold<keeping::KeepingState>(name, keeping::kSchemaVersion, keeping::decide, keeping::apply,
                                            keeping::to_json, keeping::state_from_json);
  if (name == notify::kFoldName)
    return make_fold<notify::NotifyState>(name, notify::kSchemaVersion, notify::decide, notify::apply, notify::to_json,
                                          notify::notify_state_from_json);
  if (name == playbook::kFoldName)
    return make_fold<playbook::PlaybookState>(name, playbook::kSchemaVersion, playbook::decide, playbook::apply,
                                              playbook::to_json, playbook::playbook_state_from_json);
  if (name == provenance::kFoldName)
    return make_fold<provenance::ProvenanceState>(name, provenance::kSchemaVersion, provenance::decide,
                                                  provenance::apply, provenance::to_json, provenance::state_from_json);
  if (name == recall::kFoldName)
    return make_fold<recall::RecallState>(name, recall::kSchemaVersion, nullptr, recall::apply, recall::to_json, recall::state_from_json);
  if (name == reporting::kFoldName)
    return make_fold<reporting::ReportingState>(name, reporting::kSchemaVersion, reporting::decide, reporting::apply,
                                                reporting::to_json, reporting::state_from_json);
  if (name == remedy::kFoldName)
    return make_fold<remedy::RemedyState>(name, remedy::kSchemaVersion, remedy::decide, remedy::apply, remedy::to_json,
                                          remedy::state_from_json);
  if (name == ticket::kFoldName)
    return make_fold<ticket::TicketState>(name, ticket::kSchemaVersion, ticket::decide, ticket::apply, ticket::to_json,
                                          ticket::ticket_state_from_json);
  return fail(Code::kNotFound,
              "there is no fold '" + name + "'; known: access, casefile, contain, exercise, incident, keeping, notify, playbook, provenance, recall, remedy, reporting, ticket");
}

}  // namespace firebreak::golden

// What every start brings into the journal: the first admin and his token, the configuration when it changed, the
// playbooks and endpoints it names. Doing it twice changes nothing.
#pragma once

#include "base/random.h"
#include "log/journal/journal.h"
#include "run/app/content.h"

namespace firebreak::app {

// Writes DIR/admin.token (0600) at the first start, with the first admin in the roles that the preset gives him. `preset`: how
// duties are spread (types/roles.h); empty: as it is. At a later start another one than is in force is refused: an admin
// changes it by command.
Result<void> bootstrap_admin(journal::Journal& journal, Files& files, Random& random, const std::string& data_dir,
                             const std::string& preset = {});

// Appends config_applied when the digest of the normalised document is not `last`, the one applied last, and installs
// what is new or newer.
Result<void> apply_configuration(journal::Journal& journal, const Configuration& configuration,
                                 const std::string& last);

// Reads a token file of one line; makes it (0600, random) when it is missing.
Result<std::string> token_file(Files& files, Random& random, const std::string& path);

}  // namespace firebreak::app

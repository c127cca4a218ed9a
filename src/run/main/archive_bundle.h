// A completeness statement with everything that it is over, in one folder that can be kept and handed on: what the archive's folder
// holds is replaced by later questions and erasures, and then a statement alone shows nothing.
//
//   statement.json               docs/formats/archive.md, "Completeness statement"
//   NNNNNN-gG.json, …            the manifests, tables and count cubes that it names
//   MANIFEST.sha256              of all of these, for `sha256sum -c`
//   README.txt                   what this is, and how it is checked
//
// Errors: those of the server; kConflict (the folder holds something; the archive is replaced faster than it can be fetched), kIo.
#pragma once

#include <string>

#include "run/main/client.h"

namespace firebreak::cli {

// Asks the impact question `body` and writes the folder `dir`. Gives the answer.
Result<Json> prove_into(Client& client, const std::string& dir, JsonObject body);

}  // namespace firebreak::cli

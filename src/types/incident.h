// Words of the incident lifecycle. Impact and recoverability are NIST SP 800-61r2 tables 3-2 to 3-4, verbatim.
#pragma once

#include <string_view>

namespace firebreak::words {

// NIST r2 phases as a cyclic graph (r2 table 3-5 item 6.3): scope growth leads back to detection_analysis.
inline constexpr std::string_view kPhases[] = {"detection_analysis", "containment", "eradication", "recovery",
                                               "post_incident", "closed"};
inline constexpr std::string_view kFunctionalImpact[] = {"None", "Low", "Medium", "High"};
inline constexpr std::string_view kInformationImpact[] = {"None", "Privacy Breach", "Proprietary Breach",
                                                          "Integrity Loss"};
inline constexpr std::string_view kRecoverability[] = {"Regular", "Supplemented", "Extended", "Not Recoverable"};
inline constexpr std::string_view kIncidentSeverity[] = {"SEV-1", "SEV-2", "SEV-3", "SEV-4"};

}  // namespace firebreak::words

// Text inside HTML and XML, as content and as the value of an attribute in either kind of quotes.
#pragma once

#include <string>
#include <string_view>

namespace firebreak {

std::string escape_markup(std::string_view text);  // & < > " '

}  // namespace firebreak

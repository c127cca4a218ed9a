# cmake -DOUT=embedded.cc "-DPAGES=web/index.html|web/app.js" -DTEMPLATE=report.html -P embed.cmake
# Writes embedded::pages(), a table of path, media type and octets, and embedded::report_html(). Declared in embedded.h.
set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")

set(text "#include \"read/report/embedded.h\"\n\nnamespace firebreak::report::embedded {\nnamespace {\n")
function(octets_of file name)
  file(READ ${file} octets HEX)
  string(REGEX REPLACE "(..)" "0x\\1," octets "${octets}")
  set(text "${text}const unsigned char ${name}[] = {${octets}};\n" PARENT_SCOPE)
endfunction()
set(view "std::string_view(reinterpret_cast<const char*>")

string(REPLACE "|" ";" pages "${PAGES}")
set(rows "")
foreach(page IN LISTS pages)
  get_filename_component(name ${page} NAME)
  get_filename_component(extension ${page} LAST_EXT)
  string(SUBSTRING ${extension} 1 -1 extension)
  string(MAKE_C_IDENTIFIER ${name} symbol)
  octets_of(${page} page_${symbol})
  set(path "/${name}")
  if(name STREQUAL "index.html")
    set(path "/")
  endif()
  string(APPEND rows "    {\"${path}\", \"${type_${extension}}\", ${view}(page_${symbol}), sizeof page_${symbol})},\n")
endforeach()
octets_of(${TEMPLATE} report_octets)
string(APPEND text "const Asset kPages[] = {\n${rows}};\n}  // namespace\n\n"
  "std::span<const Asset> pages() { return kPages; }\n"
  "std::string_view report_html() { return ${view}(report_octets), sizeof report_octets); }\n"
  "}  // namespace firebreak::report::embedded\n")
file(WRITE ${OUT} "${text}")

# cmake -DOUT=embedded.cc "-DFILES=a/index.html|b/app.js" -P embed.cmake
# Writes one function per file that returns its octets: index_html(), app_js(). Declared in embedded.h.
string(REPLACE "|" ";" files "${FILES}")
set(text "#include \"read/report/embedded.h\"\n\nnamespace firebreak::report::embedded {\n")
foreach(file IN LISTS files)
  get_filename_component(name ${file} NAME)
  string(REPLACE "." "_" name ${name})
  file(READ ${file} octets HEX)
  string(REGEX REPLACE "(..)" "0x\\1," octets "${octets}")
  string(APPEND text "namespace {\nconst unsigned char ${name}_octets[] = {${octets}};\n}\n"
    "std::string_view ${name}() { return {reinterpret_cast<const char*>(${name}_octets), sizeof ${name}_octets}; }\n")
endforeach()
string(APPEND text "}  // namespace firebreak::report::embedded\n")
file(WRITE ${OUT} "${text}")

# Writes OUT: a C++ source whose function NAME gives the octets of the text file IN. See embed.cmake.
file(READ ${IN} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," octets "${hex}")
string(REGEX REPLACE "(................................................................................)" "\\1\n" octets "${octets}")
file(WRITE ${OUT} "#include <string_view>\n\nnamespace ${NAMESPACE} {\n\nstd::string_view ${NAME}();\n\nnamespace {\nconst unsigned char kContent[] = {\n${octets}0x00};\n}  // namespace\n\nstd::string_view ${NAME}() {\n  return {reinterpret_cast<const char*>(kContent), sizeof kContent - 1};\n}\n\n}  // namespace ${NAMESPACE}\n")

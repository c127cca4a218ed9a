# firebreak_embed(TARGET <target> NAMESPACE <ns> NAME <function> FILE <file>): puts a text file into the program as
#   std::string_view <ns>::<function>();
# The source is generated in the build folder whenever the file changes; at most 64 KiB pieces, as raw literals.
function(firebreak_embed)
  cmake_parse_arguments(E "" "TARGET;NAMESPACE;NAME;FILE" "" ${ARGN})
  set(out ${CMAKE_CURRENT_BINARY_DIR}/embedded_${E_NAME}.cc)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DIN=${E_FILE} -DOUT=${out} -DNAMESPACE=${E_NAMESPACE} -DNAME=${E_NAME}
            -P ${CMAKE_SOURCE_DIR}/cmake/embed_file.cmake
    DEPENDS ${E_FILE} ${CMAKE_SOURCE_DIR}/cmake/embed_file.cmake VERBATIM)
  target_sources(${E_TARGET} PRIVATE ${out})
endfunction()

# firebreak_embed_folder(TARGET <target> NAMESPACE <ns> NAME <function> FILES <files...>): puts several text files into the program as
#   std::vector<std::pair<std::string_view, std::string_view>> <ns>::<function>();   // file name, text
function(firebreak_embed_folder)
  cmake_parse_arguments(E "" "TARGET;NAMESPACE;NAME" "FILES" ${ARGN})
  set(out ${CMAKE_CURRENT_BINARY_DIR}/embedded_${E_NAME}.cc)
  string(REPLACE ";" "|" joined "${E_FILES}")
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} "-DFILES=${joined}" -DOUT=${out} -DNAMESPACE=${E_NAMESPACE} -DNAME=${E_NAME}
            -P ${CMAKE_SOURCE_DIR}/cmake/embed_folder.cmake
    DEPENDS ${E_FILES} ${CMAKE_SOURCE_DIR}/cmake/embed_folder.cmake VERBATIM)
  target_sources(${E_TARGET} PRIVATE ${out})
endfunction()

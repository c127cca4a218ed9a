# A room is one folder of src/ and one library. The folder decides what is in it:
#   *.cc            -> libfirebreak_<room>.a        (no sources yet: an INTERFACE library, so configuring never fails)
#   *_test.cc       -> <room>_test, GoogleTest + rapidcheck, label "fast-unit" (ctest -L fast, ctest -L unit)
#   *_long_test.cc  -> <room>_long_test, label "long", run by `make test-long` only
#   *_fuzz.cc       -> one libFuzzer binary per file, in the fuzz preset only
#   *_bench.cc      -> one benchmark binary per file, built by target `benches`
# What it may use stands in cmake/edges.txt, the one place that test/tidy reads too.
# One label per test binary: CMake 3.25 corrupts label lists in gtest_discover_tests.

add_library(firebreak_options INTERFACE)
target_include_directories(firebreak_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(firebreak_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion $<$<BOOL:${FIREBREAK_WERROR}>:-Werror>)
target_link_libraries(firebreak_options INTERFACE Threads::Threads)

set(FIREBREAK_EDGES ${CMAKE_SOURCE_DIR}/cmake/edges.txt)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${FIREBREAK_EDGES})
file(STRINGS ${FIREBREAK_EDGES} edge_lines REGEX "^[a-z_]+:")
set(FIREBREAK_ROOMS "")
foreach(line IN LISTS edge_lines)
  string(REGEX MATCH "^([a-z_]+):(.*)$" _ "${line}")
  list(APPEND FIREBREAK_ROOMS ${CMAKE_MATCH_1})
  separate_arguments(edges_of_${CMAKE_MATCH_1} UNIX_COMMAND "${CMAKE_MATCH_2}")
endforeach()

# "log" -> log_ledger log_vault ...; a room's own name stays itself.
function(firebreak_expand out)
  set(rooms "")
  foreach(name IN LISTS ARGN)
    if(name IN_LIST FIREBREAK_ROOMS)
      list(APPEND rooms ${name})
    else()
      set(floor ${FIREBREAK_ROOMS})
      list(FILTER floor INCLUDE REGEX "^${name}_")
      if(NOT floor)
        message(FATAL_ERROR "no room and no floor named '${name}' in cmake/edges.txt")
      endif()
      list(APPEND rooms ${floor})
    endif()
  endforeach()
  set(${out} ${rooms} PARENT_SCOPE)
endfunction()

# log_ledger -> log/ledger
function(firebreak_folder room out)
  string(REGEX REPLACE "^([a-z]+)_" "\\1/" folder ${room})
  set(${out} ${folder} PARENT_SCOPE)
endfunction()

# One GoogleTest binary. Discovery happens when ctest runs: the default would run the binary during the build.
function(firebreak_test target label)
  cmake_parse_arguments(T "" "" "SOURCES;LINK" ${ARGN})
  if(NOT FIREBREAK_TESTS OR NOT T_SOURCES)
    return()
  endif()
  include(GoogleTest)
  add_executable(${target} ${T_SOURCES})
  target_link_libraries(${target} PRIVATE firebreak_options ${T_LINK} GTest::gtest_main GTest::gmock rapidcheck_gtest)
  # Tests find the program and the data by these, wherever ctest is started.
  target_compile_definitions(${target} PRIVATE
    FIREBREAK_BINARY="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/firebreak" FIREBREAK_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin/test)
  gtest_discover_tests(${target} TEST_PREFIX "${target}/" DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS ${label} TIMEOUT 300)
endfunction()

function(firebreak_benches)
  cmake_parse_arguments(B "" "" "SOURCES;LINK" ${ARGN})
  if(NOT benchmark_FOUND OR FIREBREAK_FUZZ)
    return()
  endif()
  foreach(source IN LISTS B_SOURCES)
    get_filename_component(target ${source} NAME_WE)
    add_executable(${target} EXCLUDE_FROM_ALL ${source})
    target_link_libraries(${target} PRIVATE firebreak_options ${B_LINK} benchmark::benchmark benchmark::benchmark_main)
    target_compile_definitions(${target} PRIVATE FIREBREAK_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin/bench)
    add_dependencies(benches ${target})
  endforeach()
endfunction()
add_custom_target(benches)

# firebreak_room(<room> [EXECUTABLE <name>] [LIBS <external targets>...])
function(firebreak_room room)
  cmake_parse_arguments(R "" "EXECUTABLE" "LIBS;FUZZ_SOURCES;FUZZ_ROOMS" ${ARGN})
  if(NOT room IN_LIST FIREBREAK_ROOMS)
    message(FATAL_ERROR "room '${room}' has no line in cmake/edges.txt")
  endif()
  firebreak_expand(rooms ${edges_of_${room}})
  # The fuzz preset compiles everything a second time: a room with much that no fuzzer reaches names what they link.
  if(FIREBREAK_FUZZ AND R_FUZZ_SOURCES)
    set(rooms ${R_FUZZ_ROOMS})
  endif()
  list(TRANSFORM rooms PREPEND firebreak::)
  set(link firebreak_options ${rooms} ${R_LIBS})

  set(here ${CMAKE_CURRENT_SOURCE_DIR})
  file(GLOB sources CONFIGURE_DEPENDS ${here}/*.cc)
  file(GLOB tests CONFIGURE_DEPENDS ${here}/*_test.cc)
  file(GLOB long_tests CONFIGURE_DEPENDS ${here}/*_long_test.cc)
  file(GLOB fuzzers CONFIGURE_DEPENDS ${here}/*_fuzz.cc)
  file(GLOB benches CONFIGURE_DEPENDS ${here}/*_bench.cc)
  list(REMOVE_ITEM tests ${long_tests})
  list(REMOVE_ITEM sources ${tests} ${long_tests} ${fuzzers} ${benches})

  if(FIREBREAK_FUZZ AND R_FUZZ_SOURCES)
    list(TRANSFORM R_FUZZ_SOURCES PREPEND ${here}/ OUTPUT_VARIABLE sources)
  endif()

  # main.cc belongs to the executable alone: a library with a main() would hide a test's.
  set(main_source ${here}/main.cc)
  list(FIND sources ${main_source} has_main)
  list(REMOVE_ITEM sources ${main_source})

  if(sources)
    add_library(firebreak_${room} STATIC ${sources})
    target_link_libraries(firebreak_${room} PUBLIC ${link})
    if(room MATCHES "^fold_")
      # The same input gives the same bits on every machine: no fused multiply-add.
      target_compile_options(firebreak_${room} PRIVATE -ffp-contract=off)
    endif()
    if(FIREBREAK_FUZZ)
      set_target_properties(firebreak_${room} PROPERTIES EXCLUDE_FROM_ALL ON)
    endif()
  else()
    add_library(firebreak_${room} INTERFACE)
    target_link_libraries(firebreak_${room} INTERFACE ${link})
  endif()
  add_library(firebreak::${room} ALIAS firebreak_${room})

  if(R_EXECUTABLE AND NOT has_main EQUAL -1 AND NOT FIREBREAK_FUZZ)
    add_executable(${R_EXECUTABLE} ${main_source})
    target_link_libraries(${R_EXECUTABLE} PRIVATE firebreak::${room})
  endif()

  firebreak_test(${room}_test fast-unit SOURCES ${tests} LINK firebreak::${room})
  firebreak_test(${room}_long_test long SOURCES ${long_tests} LINK firebreak::${room})
  firebreak_benches(SOURCES ${benches} LINK firebreak::${room})
  if(FIREBREAK_FUZZ)
    foreach(source IN LISTS fuzzers)
      get_filename_component(fuzzer ${source} NAME_WE)
      add_executable(${fuzzer} ${source})
      target_link_libraries(${fuzzer} PRIVATE firebreak::${room} -fsanitize=fuzzer)
      set_target_properties(${fuzzer} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin/fuzz)
    endforeach()
  endif()
endfunction()

# A folder of test/: every *_test.cc in it becomes one binary <name>_test that may use every room and, if the test
# starts it, the firebreak program.
function(firebreak_suite name label)
  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cc)
  set(rooms ${FIREBREAK_ROOMS})
  list(TRANSFORM rooms PREPEND firebreak::)
  firebreak_test(${name}_test ${label} SOURCES ${tests} LINK ${rooms})
  if(TARGET ${name}_test AND TARGET firebreak)
    add_dependencies(${name}_test firebreak)
  endif()
endfunction()

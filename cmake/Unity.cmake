# REAPER_UNITY: eight sources are compiled as one. What costs a build from nothing its time is to read and
# to instantiate the same headers once a source. The preset asan has it, and release for all but the folders
# that the guard is made of: that is linked with the sources that it uses and no others.
set(REAPER_UNITY OFF CACHE STRING "Compile several sources as one: OFF, BUT_THE_GUARD or ON")
set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)
if(REAPER_UNITY STREQUAL "ON")
  set(CMAKE_UNITY_BUILD ON)
endif()

# These sources of the folder have, in their unnamed namespaces, a name that a neighbour has too: they are
# compiled alone. Where two more meet, the compiler tells of a redefinition.
function(reaper_compile_alone)
  list(TRANSFORM ARGN PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  list(TRANSFORM ARGN APPEND .cpp)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

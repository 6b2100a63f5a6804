# REAPER_UNITY: eight sources are compiled as one. What costs a build from nothing its time is to read and
# to instantiate the same headers once a source. The presets release and asan have it; debug, which people
# edit with, and fuzz compile each source alone, which proves that it includes what it uses.
option(REAPER_UNITY "Compile several sources as one" OFF)

if(REAPER_UNITY)
  set(CMAKE_UNITY_BUILD ON)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)
endif()

# These sources of the folder have, in their unnamed namespaces, a name that a neighbour has too: they are
# compiled alone. Where two more meet, the compiler tells of a redefinition.
function(reaper_compile_alone)
  list(TRANSFORM ARGN PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  list(TRANSFORM ARGN APPEND .cpp)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

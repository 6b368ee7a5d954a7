# One fuzz target under ctest: its kept corpus, and some seconds more.
#
#   cmake -DPROGRAM=... -DSECONDS=... -DSEED=... -DGROWN=... -DKEPT=... -P run.cmake
#
# What a run finds is kept in GROWN. A run with a seed is to be the same each time, so it starts with
# none; a random one (seed 0) goes on where the last one ended.
if(SEED)
    file(REMOVE_RECURSE ${GROWN})
endif()
file(MAKE_DIRECTORY ${GROWN})
execute_process(
    COMMAND ${PROGRAM} -max_total_time=${SECONDS} -seed=${SEED} -timeout=10 -rss_limit_mb=2048
            -print_final_stats=0 -verbosity=0 ${GROWN} ${KEPT}
    RESULT_VARIABLE status)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "${PROGRAM}: ${status}; the input is in the file that is named above")
endif()

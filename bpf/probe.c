/* Compiles where the programs here do. */
#include "task_fill.h"

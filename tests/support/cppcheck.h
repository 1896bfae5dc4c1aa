/* What cppcheck has to know of headers it does not read. */
#define json_array_foreach(array, index, value)                                                    \
	for ((index) = 0; ((value) = json_array_get((array), (index))) != NULL; (index)++)
#define json_object_foreach(object, key, value)                                                    \
	for ((key) = next_key((object)); (key) && ((value) = next_value((object))); (key) = next_key((object)))

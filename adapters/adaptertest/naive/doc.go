// Package naive draws dealers nobody has ever seen (tables, rows and a mapping
// over them) and answers for them in the plainest way there is: loops over rows
// in memory. Tests hold real adapters against its answers.
//
// It must not know how mappings are compiled, run or converted: nothing of
// mappings/plan and mappings/convert is used here, so that a mistake there
// cannot be made here as well.
package naive

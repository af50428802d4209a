package adaptertest

import (
	"context"
	"reflect"
	"strings"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// onLoan lets the rows of a list lie in memory that is given back as soon as they
// were copied. Whatever else an answer comes with has to outlive that.
func (l list[T]) onLoan() list[T] {
	rows, short := l.rows, l.short
	l.rows = func(a adapters.Adapter, ctx context.Context, q adapters.Query, k adapters.Keys) ([]T, []adapters.LeftOut, error) {
		loan := adapters.Borrow(ctx)
		items, left, err := rows(a, loan, q, k)
		if err == nil {
			items = copied(items)
			loan.Return()
		}
		return items, left, err
	}
	l.short = func(a adapters.ShortLists, ctx context.Context, q adapters.Query, most int) (*adapters.ShortList[T], error) {
		loan := adapters.Borrow(ctx)
		got, err := short(a, loan, q, most)
		if err == nil {
			if got != nil {
				got.Items = copied(got.Items)
			}
			loan.Return()
		}
		return got, err
	}
	return l
}

// copied is a value that has no memory in common with another one.
func copied[T any](v T) T {
	to := reflect.New(reflect.TypeFor[T]()).Elem()
	copyValue(to, reflect.ValueOf(&v).Elem())
	return to.Interface().(T) //nolint:forcetypeassert // it was made of that type
}

func copyValue(to, from reflect.Value) {
	switch from.Kind() {
	case reflect.String:
		to.SetString(strings.Clone(from.String()))
	case reflect.Pointer:
		if !from.IsNil() {
			to.Set(reflect.New(from.Type().Elem()))
			copyValue(to.Elem(), from.Elem())
		}
	case reflect.Slice:
		if !from.IsNil() {
			to.Set(reflect.MakeSlice(from.Type(), from.Len(), from.Len()))
			for i := range from.Len() {
				copyValue(to.Index(i), from.Index(i))
			}
		}
	case reflect.Struct:
		for i := range from.NumField() {
			copyValue(to.Field(i), from.Field(i))
		}
	default:
		to.Set(from)
	}
}

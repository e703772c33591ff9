-- The worst of some coverages (an aggregate); of none: nothing.
CREATE OR REPLACE MACRO star.worst_coverage(coverage) AS
    coalesce(
        arg_max(
            coverage, list_position(['complete', 'polled', 'possible gap', 'nothing'], coverage)
        ),
        'nothing'
    )

-- The worst of some coverages (an aggregate); of none: nothing.
CREATE OR REPLACE MACRO listening.coverage_of(coverage) AS
    coalesce(
        arg_max(
            coverage, list_position(['complete', 'polled', 'possible gap', 'nothing'], coverage)
        ),
        'nothing'
    )

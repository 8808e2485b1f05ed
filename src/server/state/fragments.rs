//! Draws the parts of pages that are HTML.

use jiff::Timestamp;

use super::{AppState, comparisons};
use crate::{
    api::{HtmlFragment, View},
    error::AppError,
    selection::Selection,
    server::{
        figures::items,
        fragments,
        views::{build_list, freshness, pipeline_list, summary, week},
    },
};

impl AppState {
    /// The HTML fragments of a name; only the headline depends on the selection.
    ///
    /// # Errors
    /// An unknown name or value, or no snapshot.
    pub async fn fragments(
        &self,
        of: &str,
        selection: &Selection,
        view: &View,
    ) -> Result<Vec<HtmlFragment>, AppError> {
        let snapshot = self.selected(selection)?;
        // Each page has some of these parameters. Cursors are its own.
        pipeline_list::check_place(view)?;
        week::check(view)?;
        match of {
            "pipelines" => pipeline_list::check(view)?,
            _ => build_list::check(&view.with("cursor", ""))?,
        }
        match of {
            "build" => Ok(fragments::build(&*self.build(view).await?, &self.0.base)),
            "pipeline" => Ok(fragments::pipeline(
                &self.pipeline(view).await?,
                &self.0.base,
            )),
            "repository" => Ok(fragments::repository(
                &self.repository(view).await?,
                &self.0.base,
            )),
            "builds" => {
                let list = build_list::build_list(&snapshot, selection, view)?;
                let difference = match view.get("difference") {
                    Some(_) => Some(self.difference(selection).await?),
                    None => None,
                };
                Ok(fragments::builds(
                    &snapshot,
                    &list,
                    difference.as_ref(),
                    selection,
                    view,
                    &self.0.base,
                ))
            }
            "compare" => {
                let pair = comparisons::pair(view)?;
                let snapshot = self.selected_pair(&pair)?;
                let comparison = self.comparison(pair.clone()).await?;
                Ok(fragments::compare(
                    &snapshot,
                    &comparison,
                    &pair,
                    &self.0.base,
                ))
            }
            "pipelines" => {
                let list = pipeline_list::pipeline_list(&snapshot, selection, view)?;
                Ok(fragments::pipelines(&list, selection, view, &self.0.base))
            }
            "week" => {
                let week = week::week(&snapshot, selection, view)?;
                Ok(fragments::week(&week, selection, &self.0.base))
            }
            "explore" => Ok(fragments::explore(selection, &self.0.base)),
            "search" => Ok(fragments::search(&self.search(view)?, &self.0.base)),
            "summary" => Ok(fragments::summary(&summary::summary(&snapshot, selection))),
            "today" => {
                let today = self.today_with_addresses(selection).await?;
                let now_ms = Timestamp::now().as_millisecond();
                let can_snooze = self.0.signed_in;
                Ok(fragments::today(&today, &self.0.base, can_snooze, now_ms))
            }
            "wall-today" => {
                let today = self.today_with_addresses(selection).await?;
                let now_ms = Timestamp::now().as_millisecond();
                Ok(fragments::wall_today(&today, &self.0.base, now_ms))
            }
            "wall-pipelines" => self.wall_of_pipelines(selection).await,
            "freshness" => Ok(fragments::freshness(
                &self.data_state()?,
                freshness::pinned(&snapshot, selection).as_deref(),
                selection,
                &self.0.base,
            )),
            "headline" => Ok(self.headline(selection).await?.fragments.clone()),
            "security" => {
                let head = self.security(selection)?;
                Ok(fragments::security(&head, &self.0.base))
            }
            "security-items" => {
                let number = items::PARAMETERS.map(|name| view.get(name).unwrap_or_default());
                let listed = items::listed(&snapshot, selection, number)?;
                Ok(fragments::security_items(&listed, selection, &self.0.base))
            }
            "sources" => Ok(fragments::sources(
                &self.data_state()?,
                &self.coverage()?,
                &self.0.base,
            )),
            _ => {
                let known = fragments::NAMES.map(str::to_owned);
                Err(AppError::unknown_value("of", of, known.to_vec()))
            }
        }
    }

    /// The headline and the red pipelines, under the age of the data.
    async fn wall_of_pipelines(
        &self,
        selection: &Selection,
    ) -> Result<Vec<HtmlFragment>, AppError> {
        let today = self.today(selection)?;
        let view = View::default().with("state", "red");
        let snapshot = self.selected(selection)?;
        let red = pipeline_list::pipeline_list(&snapshot, selection, &view)?;
        let mut fragments = vec![fragments::wall_age(
            &today.problems.as_of,
            today.age.as_deref(),
            today.old,
            &today.title,
        )];
        fragments.extend_from_slice(&self.headline(selection).await?.fragments);
        fragments.extend(fragments::wall_pipelines(
            red,
            selection,
            &view,
            &self.0.base,
        ));
        Ok(fragments)
    }
}

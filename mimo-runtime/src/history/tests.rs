use super::*;
use crate::data::spec;
use crate::testing::Lines;

/// Three epochs, the second without validation.
fn history() -> History<Lines> {
    let table = Arc::new(LogTable::new(spec::<Lines>(), &[], &[]));
    let mut history = History::new(&table);
    for (epoch, values) in
        [[2.0, 1.0, 0.5, 2.0], [1.0, 0.1, 0.00025, 1.8], [1.5, 0.5, 0.25, 2.0]].iter().enumerate()
    {
        let validation =
            (epoch != 1).then(|| Evaluation::new(values.map(|v| v * 2.0 - epoch as f64).to_vec(), &table));
        history.push(EpochLogs::new(epoch, values.to_vec(), validation, &table));
    }
    history
}

#[test]
fn values_by_name_and_by_key() {
    let history = history();
    let train = ["loss", "slope_loss", "slope_mae", "pair_loss"];
    let keys: Vec<String> =
        train.iter().map(|key| (*key).to_owned()).chain(train.map(|key| format!("val_{key}"))).collect();
    assert_eq!(history.keys(), keys);
    assert_eq!(history.get("slope_mae"), Some(vec![0.5, 0.00025, 0.25]));
    assert_eq!(history.get("val_pair_loss"), Some(vec![4.0, 2.0]));
    assert_eq!(history.get("auc"), None);
    let epoch = &history.epochs()[0];
    assert_eq!((epoch.train.slope.mae, epoch.get("slope_mae")), (0.5, Some(0.5)));
    assert_eq!(epoch.validation.map(|logs| logs.pair.loss), epoch.get("val_pair_loss"));
    assert_eq!(history.epochs()[1].get("val_loss"), None);
    assert_eq!(epoch.higher_is_better("val_slope_mae"), Some(false));
}

#[test]
fn without_validation_there_are_no_keys_of_it() {
    let table = Arc::new(LogTable::new(spec::<Lines>(), &[], &[]));
    let mut history = History::<Lines>::new(&table);
    history.push(EpochLogs::new(0, vec![1.0; 4], None, &table));
    assert_eq!(history.keys(), ["loss", "slope_loss", "slope_mae", "pair_loss"]);
    assert_eq!(history.get("val_loss"), None);
}

#[test]
fn the_best_epoch() {
    let history = history();
    assert_eq!(history.best("loss").map(|epoch| epoch.epoch), Some(1));
    assert_eq!(history.best("val_loss").map(|epoch| epoch.epoch), Some(2));
    assert!(history.best("nonsense").is_none());
}

#[test]
fn csv() {
    let expected = "epoch,loss,slope_loss,slope_mae,pair_loss,val_loss,val_slope_loss,val_slope_mae,val_pair_loss\n\
        0,2,1,0.5,2,4,2,1,4\n\
        1,1,0.1,0.00025,1.8,NA,NA,NA,NA\n\
        2,1.5,0.5,0.25,2,1,-1,-1.5,2\n";
    assert_eq!(history().to_csv(), expected);
    assert_eq!(csv::quoted("a,b", ','), "\"a,b\"");
    assert_eq!(csv::quoted("say \"a\"", ','), "\"say \"\"a\"\"\"");
}

#[test]
fn the_table_is_aligned() {
    let table = history().to_string();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(lines.iter().all(|line| line.len() == lines[0].len()), "{table}");
    assert!(lines[2].contains("2.5000e-04") && lines[2].ends_with('-'), "{table}");
}

#[test]
fn an_evaluation_reads_as_the_progress_does() {
    let table = Arc::new(LogTable::new(spec::<Lines>(), &[], &[]));
    let evaluation = Evaluation::<Lines>::new(vec![2.0, 1.0, 0.0005, 2.0], &table);
    let text = "loss: 2.0000 - slope_loss: 1.0000 - slope_mae: 5.0000e-04 - pair_loss: 2.0000";
    assert_eq!(evaluation.to_string(), text);
    assert!(text.contains(&format!("{:.4}", evaluation.slope.loss)));
}
